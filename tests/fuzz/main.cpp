// libFuzzer's entry; TINTYPE_FUZZ_BODY names the body of tests::fuzz that this program runs, and
// TINTYPE_FUZZ_HEADER where it is.

#include TINTYPE_FUZZ_HEADER

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tests::fuzz::TINTYPE_FUZZ_BODY(std::as_bytes(std::span{data, size}));
    return 0;
}
