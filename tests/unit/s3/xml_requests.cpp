// What is asked in XML, byte by byte and as pugixml reads it.

#include <tintype/s3/xml.hpp>
#include <tintype/s3/xml_requests.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <vector>

TEST_CASE("xml_requests: the parts of an upload") {
    CHECK(tintype::complete_upload_xml({}) ==
          "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          "</CompleteMultipartUpload>");
    CHECK(tintype::complete_upload_xml(std::vector<std::string>{"\"a\"", "b"}) ==
          "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
          "<Part><PartNumber>1</PartNumber><ETag>&quot;a&quot;</ETag></Part>"
          "<Part><PartNumber>2</PartNumber><ETag>b</ETag></Part></CompleteMultipartUpload>");
}

TEST_CASE("xml_requests: keys to remove, whatever stands in them") {
    std::vector<std::string> keys{"a/b", "]]>", "<&>\"'", "a\rb\nc", "\xc3\xa4 %"};
    const std::string text = tintype::delete_xml(keys);
    CHECK(text.starts_with("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                           "<Quiet>true</Quiet><Object><Key>a/b</Key></Object>"));
    const auto read = tintype::detail::xml_answer::read(tintype::bytes_of(text));
    REQUIRE(read);
    CHECK(read->is("Delete"));
    std::vector<std::string> seen;
    for (const auto object : read->root().children("Object")) {
        const auto key = tintype::detail::text_at(object, "Key");
        REQUIRE(key);
        seen.emplace_back(*key);
    }
    CHECK(seen == keys);
}
