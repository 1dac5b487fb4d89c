#include "controller/embedded/sqlite_store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace datamesh::embedded {
namespace {

tl::unexpected<Error> unavailable(std::string message) {
  return fail(ErrorKind::Unavailable, std::move(message), "store");
}

Result<void> make_folder_of(const std::string& file) {
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (folder.empty()) return {};
  std::error_code problem;
  std::filesystem::create_directories(folder, problem);
  if (!problem) return {};
  return unavailable(folder.string() + " cannot be made (" + problem.message() +
                     "): choose another folder, or let this user write there");
}

/// The process id that the holder has written; empty when it has not come to that.
std::string holder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
  std::string line(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  return line.substr(0, line.find('\n'));
}

/// Who holds the lock matters to a person only, so that failing to say it is no error.
void write_holder(int descriptor) {
  const std::string line = std::to_string(::getpid()) + "\n";
  if (::ftruncate(descriptor, 0) != 0) return;
  if (::pwrite(descriptor, line.data(), line.size(), 0) < 0) return;
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::string& file) {
  TRY(make_folder_of(file));
  const std::string path = file + ".lock";
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) {
    return unavailable(path + " cannot be opened (" + std::strerror(errno) +
                       "): check that its folder exists and that this user may write there");
  }
  FileLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string who = holder(descriptor);
    return unavailable(file + " is in use" + (who.empty() ? "" : " by process " + who) +
                       ": stop that process, or use another folder");
  }
  write_holder(descriptor);
  return lock;
}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace datamesh::embedded
