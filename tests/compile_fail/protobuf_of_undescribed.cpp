// A message with a member that protobuf has no field for.
// expect: tintype: protobuf has no field for this type

#include <tintype/codec/protobuf.hpp>

#include <set>

struct message {
#if defined(BAD)
    BOOST_HANA_DEFINE_STRUCT(message, (std::uint64_t, number), (std::set<int>, numbers));
#else
    BOOST_HANA_DEFINE_STRUCT(message, (std::uint64_t, number), (std::vector<int>, numbers));
#endif
};

std::uint64_t size_of(const message& of);

std::uint64_t size_of(const message& of) {
    return tintype::protobuf::size(of);
}
