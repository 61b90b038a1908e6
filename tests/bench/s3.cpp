// A file into an object store and back, against programs that do just that, on the same service and
// in the same run: rclone with as many parts on their way as ours, and s3cmd; and a folder of small
// objects listed. The service is named by the environment, as `tests/s3/ceph env` prints it;
// without one nothing is measured.

#include <tintype/s3/storage.hpp>
#include <tintype/storage/directory.hpp>

#include "baselines.hpp"
#include "folders.hpp"
#include "harness.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr unsigned at_once = 4;

[[nodiscard]] std::string variable(const char* name) {
    const char* value = std::getenv(name);
    must(value != nullptr, "a variable that tests/s3/ceph env prints is not set");
    return value;
}

void shell(const std::string& command) {
    must(std::system((command + " > /dev/null 2>&1").c_str()) == 0, command);
}

// Where the others find the service.
void introduce(const std::string& folder) {
    const auto endpoint = variable("TINTYPE_S3_ENDPOINT");
    const auto host = endpoint.substr(endpoint.find("//") + 2);
    std::ofstream file{folder + "/s3cfg"};
    file << "[default]\naccess_key = " << variable("AWS_ACCESS_KEY_ID")
         << "\nsecret_key = " << variable("AWS_SECRET_ACCESS_KEY") << "\nhost_base = " << host
         << "\nhost_bucket = " << host << "\nuse_https = False\nsignature_v2 = False\n"
         << "multipart_chunk_size_mb = 8\n";
    const auto say = [](const char* name, const std::string& value) {
        must(::setenv(name, value.c_str(), 1) == 0, "setenv");
    };
    // rclone 1.60 fails on it, also where no certificate is asked for.
    must(::unsetenv("AWS_CA_BUNDLE") == 0, "unsetenv");
    say("RCLONE_CONFIG_CEPH_TYPE", "s3");
    say("RCLONE_CONFIG_CEPH_PROVIDER", "Ceph");
    say("RCLONE_CONFIG_CEPH_ENDPOINT", endpoint);
    say("RCLONE_CONFIG_CEPH_ACCESS_KEY_ID", variable("AWS_ACCESS_KEY_ID"));
    say("RCLONE_CONFIG_CEPH_SECRET_ACCESS_KEY", variable("AWS_SECRET_ACCESS_KEY"));
}

// Bytes that nothing compresses, made once.
void make_file(const std::string& path, std::size_t size) {
    std::ofstream file{path, std::ios::binary};
    std::vector<std::byte> block(mib);
    for (std::size_t at = 0; at < size; at += block.size()) {
        fill(block, at / mib + 1);
        file.write(reinterpret_cast<const char*>(block.data()),
                   static_cast<std::streamsize>(block.size()));
    }
    file.close();
    must(!file.fail(), "cannot write a file");
}

void put(const tintype::s3_storage& storage, const tintype::directory& from) {
    const auto file = must(from.open("object"), "open");
    auto staged = must(storage.stage({.size_hint = file.bytes().size()}), "stage");
    for (byte_view rest = file.bytes(); !rest.empty();) {
        const auto next = rest.first(std::min(rest.size(), mib));
        must(staged.write(next), "write");
        rest = rest.subspan(next.size());
    }
    must(staged.replace("ours"), "replace");
}

// Straight into a file; what is not right is not believed.
struct file_sink {
    int file;

    [[nodiscard]] tintype::result<void> write(byte_view bytes) const {
        write_all(file, bytes);
        return {};
    }
};

void get(const tintype::s3_storage& storage, const std::string& path) {
    file_sink sink{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)};
    must_call(sink.file, "open");
    std::vector<tintype::blob> buffers(at_once);
    static_cast<void>(must(storage.stream("ours", sink, buffers), "stream"));
    ::close(sink.file);
}

void publish_small(const tintype::s3_storage& storage, int i) {
    auto staged = must(storage.stage({}), "stage");
    must(staged.write(tintype::bytes_of("a small snapshot, of which there are many")), "write");
    must(staged.replace("snapshot_" + std::to_string(100'000 + i) + ".tintype"), "replace");
}

} // namespace

void measure_s3(const options& chosen, rows& to) {
    if (std::getenv("TINTYPE_S3_ENDPOINT") == nullptr) {
        std::fprintf(stderr, "  s3: TINTYPE_S3_ENDPOINT is not set, so nothing is measured\n");
        return;
    }
    const std::size_t size = (chosen.size != 0 ? chosen.size : chosen.quick ? 64 : 1024) * mib;
    const std::string folder = chosen.data + "/s3";
    emptied(folder);
    introduce(folder);
    make_file(folder + "/object", size);
    const std::string bucket = variable("TINTYPE_S3_BUCKET");
    const tintype::s3_options options{.parts_in_flight = at_once};
    const tintype::s3_storage storage{
        must(tintype::s3_location::from_environment("s3://" + bucket + "/bench"), "the location"),
        options};
    const tintype::directory files{folder};
    const std::string file = "'" + folder + "/object' ";
    const std::string back = "'" + folder + "/back' ";
    const std::string theirs = bucket + "/bench/theirs";
    const std::string rclone = "rclone --s3-chunk-size 8M --s3-upload-concurrency 4 "
                               "--multi-thread-streams 4 --multi-thread-cutoff 8M "
                               "--ignore-times --retries 1 copyto ";
    const std::string s3cmd = "s3cmd -c '" + folder + "/s3cfg' --no-progress --force ";
    const int rounds = chosen.quick ? 3 : 2; // the service keeps what was replaced for hours
    const auto waiting = [](std::string name, std::function<void()> run) {
        return contender{.name = std::move(name), .run = std::move(run), .waits = true};
    };

    const std::string text = size_text(size);
    const double peak = peak_of([&] {
        put(storage, files);
        return 0;
    });
    to.push_back(
        {.area = "s3",
         .what = "memory of " + text + " up, beyond the mapped file",
         .ours = std::max(peak - static_cast<double>(size), 4096.0) / static_cast<double>(mib),
         .unit = "MiB",
         .against = "parts on their way",
         .theirs = static_cast<double>((at_once + 1) * options.part_size / mib),
         .ratio = static_cast<double>((at_once + 1) * options.part_size) /
                  std::max(peak - static_cast<double>(size), 4096.0)});
    duel(to, "s3", text + " up", waiting("ours", [&] { put(storage, files); }),
         {{waiting("rclone, 4 parts at once", [&] { shell(rclone + file + "ceph:" + theirs); }),
           1.0},
          {waiting("s3cmd", [&] { shell(s3cmd + "put " + file + "s3://" + theirs); })}},
         rounds, size);
    duel(to, "s3", text + " down", waiting("ours", [&] { get(storage, folder + "/back"); }),
         {{waiting("rclone, 4 parts at once",
                   [&] { shell(rclone + "ceph:" + theirs + " " + back); }),
           1.0},
          {waiting("s3cmd", [&] { shell(s3cmd + "get s3://" + theirs + " " + back); })}},
         rounds, size);
    must(must(storage.open("ours"), "open").bytes().size() == size, "another object came back");

    const tintype::s3_storage small{
        must(tintype::s3_location::from_environment("s3://" + bucket + "/small"), "the location"),
        options};
    for (int i = 0; i != 1000; ++i) {
        publish_small(small, i);
    }
    must(must(small.names(), "names").size() == 1000, "not all are listed");
    duel(to, "s3", "1000 names",
         waiting("ours", [&] { keep(must(small.names(), "names").data()); }),
         {{waiting("rclone lsf", [&] { shell("rclone lsf ceph:" + bucket + "/small"); })},
          {waiting("s3cmd ls", [&] { shell(s3cmd + "ls s3://" + bucket + "/small/"); })}},
         10);
    fs::remove_all(folder);
}

} // namespace bench
