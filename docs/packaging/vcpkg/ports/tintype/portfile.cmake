# An overlay port: it packages the sources that it lies in.
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../../../.." ABSOLUTE)

# Headers only: the same for a debug build, and nothing to copy for a licence.
set(VCPKG_BUILD_TYPE release)
set(VCPKG_POLICY_SKIP_COPYRIGHT_CHECK enabled)

# A feature is a component of the same name. json, which needs nothing, stands for none of them.
set(components ${FEATURES})
list(REMOVE_ITEM components core)
list(PREPEND components json)
list(JOIN components "," components)

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        -DTINTYPE_BUILD_TESTS=OFF
        -DTINTYPE_BUILD_EXAMPLES=OFF
        -DTINTYPE_INSTALL=ON
        "-DTINTYPE_COMPONENTS=${components}"
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/tintype)
vcpkg_fixup_pkgconfig()

file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
