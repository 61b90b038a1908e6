// A key that is no member of its record.
// expect: tintype: record_key<R> names no described member of the record

#include <tintype/chain/record.hpp>

#include <string>
#include <string_view>

struct row {
    BOOST_HANA_DEFINE_STRUCT(row, (float, weight), (std::string, name));
};

template <>
#if defined(BAD)
inline constexpr std::string_view tintype::record_key<row> = "nmae";
#else
inline constexpr std::string_view tintype::record_key<row> = "name";
#endif

static_assert(tintype::keyed_record<row>);
