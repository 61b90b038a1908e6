# What vcpkg gives to a portfile, as far as ours needs it, without vcpkg: it configures, installs and
# moves into ${CURRENT_PACKAGES_DIR} as vcpkg's own functions do.
#   cmake -DPORT_FOLDER=... -DFEATURES=core;... -DCURRENT_PACKAGES_DIR=... -DCURRENT_BUILDTREES_DIR=...
#         -P stub.cmake
set(PORT tintype)
set(stub_called "")

function(vcpkg_cmake_configure)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "SOURCE_PATH" "OPTIONS")
    if(NOT VCPKG_BUILD_TYPE STREQUAL "release")
        message(FATAL_ERROR "headers alone have no debug build")
    endif()
    execute_process(COMMAND "${CMAKE_COMMAND}" -S "${arg_SOURCE_PATH}" -B "${CURRENT_BUILDTREES_DIR}"
        -G Ninja "-DCMAKE_INSTALL_PREFIX=${CURRENT_PACKAGES_DIR}" ${arg_OPTIONS} COMMAND_ERROR_IS_FATAL ANY)
    set(stub_called ${stub_called} configure PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_install)
    execute_process(COMMAND "${CMAKE_COMMAND}" --build "${CURRENT_BUILDTREES_DIR}" --target install
        COMMAND_ERROR_IS_FATAL ANY)
    set(stub_called ${stub_called} install PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "PACKAGE_NAME;CONFIG_PATH" "")
    set(share "${CURRENT_PACKAGES_DIR}/share")
    file(GLOB files "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/*.cmake")
    file(COPY ${files} DESTINATION "${share}/${PORT}")
    file(REMOVE_RECURSE "${share}/cmake")
    # They lie one folder higher now, so the prefix is one step nearer.
    set(step "get_filename_component(_IMPORT_PREFIX \"\${_IMPORT_PREFIX}\" PATH)\n")
    file(GLOB files "${share}/${PORT}/*.cmake")
    foreach(file IN LISTS files)
        file(READ "${file}" text)
        string(REPLACE "${step}${step}${step}" "${step}${step}" text "${text}")
        file(WRITE "${file}" "${text}")
    endforeach()
    set(stub_called ${stub_called} config_fixup PARENT_SCOPE)
endfunction()

function(vcpkg_fixup_pkgconfig)
    set(stub_called ${stub_called} fixup_pkgconfig PARENT_SCOPE)
endfunction()

function(vcpkg_install_copyright)
    message(FATAL_ERROR "there is no file of that kind")
endfunction()

set(CMAKE_CURRENT_LIST_DIR "${PORT_FOLDER}")
include("${PORT_FOLDER}/portfile.cmake")
if(NOT stub_called STREQUAL "configure;install;config_fixup;fixup_pkgconfig")
    message(FATAL_ERROR "the portfile called: ${stub_called}")
endif()
# What vcpkg holds against a package when it has been made.
foreach(place IN ITEMS include/tintype/tintype.hpp share/tintype/tintype-config.cmake share/tintype/usage)
    if(NOT EXISTS "${CURRENT_PACKAGES_DIR}/${place}")
        message(FATAL_ERROR "the package has no ${place}")
    endif()
endforeach()
foreach(place IN ITEMS debug lib bin share/cmake)
    if(EXISTS "${CURRENT_PACKAGES_DIR}/${place}")
        message(FATAL_ERROR "the package has a folder ${place}")
    endif()
endforeach()
