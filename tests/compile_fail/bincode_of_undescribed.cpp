// A member's type that nobody described, met by bincode.
// expect: tintype: bincode cannot look into this type: put BOOST_HANA_DEFINE_STRUCT
// expect: specialise tintype::bincode_form

#include <tintype/codec/bincode.hpp>

#include <string>
#include <vector>

struct page {
    std::string text;
};

#if defined(BAD)
#else
BOOST_HANA_ADAPT_STRUCT(page, text);
#endif

struct book {
    BOOST_HANA_DEFINE_STRUCT(book, (std::string, title), (std::vector<page>, pages));
};

auto bytes = tintype::encode<tintype::bincode_fixed>(book{});
