#pragma once

// A struct of more members than Hana's macro can count ends in a token that cannot be pasted; here
// it ends in a sentence. reflect.hpp reads this behind Hana. For a struct that is not too large the
// macro is Hana's own, word for word: where Hana has counted too far, what it takes for the number
// is a member, which begins with a parenthesis.

#if defined(BOOST_HANA_DEFINE_STRUCT)

#define TINTYPE_STRUCT_OF_FEW(...)                                                                 \
    BOOST_HANA_DEFINE_STRUCT_IMPL(BOOST_HANA_PP_NARG(__VA_ARGS__), __VA_ARGS__)
#define TINTYPE_STRUCT_OF_MANY(...)                                                                \
    static_assert(false,                                                                           \
                  "tintype: Boost.Hana counts no further: describe at most 39 members with "       \
                  "Boost 1.74 and 54 with 1.81, and make the larger struct of structs")

#define TINTYPE_STRUCT_PASTE(a, b) a##b
#define TINTYPE_STRUCT_CHOOSE(a, b) TINTYPE_STRUCT_PASTE(a, b)
#define TINTYPE_STRUCT_SECOND(a, b, ...) b
#define TINTYPE_STRUCT_SECOND_OF(...) TINTYPE_STRUCT_SECOND(__VA_ARGS__)
#define TINTYPE_STRUCT_MEMBER(...) ~, MANY
#define TINTYPE_STRUCT_SIZE(number) TINTYPE_STRUCT_SECOND_OF(TINTYPE_STRUCT_MEMBER number, FEW, ~)

#undef BOOST_HANA_DEFINE_STRUCT
#define BOOST_HANA_DEFINE_STRUCT(...)                                                              \
    TINTYPE_STRUCT_CHOOSE(TINTYPE_STRUCT_OF_,                                                      \
                          TINTYPE_STRUCT_SIZE(BOOST_HANA_PP_NARG(__VA_ARGS__)))                    \
    (__VA_ARGS__)

#endif
