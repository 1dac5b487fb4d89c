#include "controller/cli/state_folder.h"

#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace datamesh::cli {
namespace {

std::string path_of(const std::string& folder, const char* name) { return folder + "/" + name; }

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Error unusable(const std::string& path, const std::string& why) {
  return {ErrorKind::Unavailable, "", "cannot use " + path + ": " + why +
          "; choose another folder with --state-dir, or make this one writable", "", {}};
}

}  // namespace

Result<std::string> default_state_folder() {
  if (const std::string home = environment("DATAMESH_HOME"); !home.empty()) return home;
  if (const std::string state = environment("XDG_STATE_HOME"); !state.empty()) return state + "/datamesh";
  if (const std::string home = environment("HOME"); !home.empty()) return home + "/.local/state/datamesh";
  return fail(ErrorKind::Invalid, "no folder for the state: set DATAMESH_HOME, or pass --state-dir");
}

Result<void> make_state_folder(const std::string& folder) {
  std::error_code error;
  const std::filesystem::path path(folder);
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (!error && ::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) error.assign(errno, std::generic_category());
  if (error) return fail(unusable(folder, error.message()));
  if (!std::filesystem::is_directory(path, error)) return fail(unusable(folder, "it is no folder"));
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return fail(unusable(folder, std::strerror(errno)));
  return {};
}

Result<void> write_state_file(const std::string& folder, const char* name, const std::string& text) {
  const std::string path = path_of(folder, name);
  const std::string fresh = path + ".new";
  const std::string line = text.ends_with('\n') ? text : text + "\n";
  const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return fail(unusable(path, std::strerror(errno)));
  ::fchmod(file, 0600);
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int problem = errno;
  ::close(file);
  if (!written) return fail(unusable(path, std::strerror(problem)));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail(unusable(path, std::strerror(errno)));
  return {};
}

std::optional<std::string> read_state_file(const std::string& folder, const char* name) {
  std::ifstream file(path_of(folder, name));
  std::string line;
  if (!std::getline(file, line) || line.empty()) return std::nullopt;
  return line;
}

std::optional<std::string> read_state_text(const std::string& folder, const char* name) {
  std::ifstream file(path_of(folder, name));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (text.empty()) return std::nullopt;
  return text;
}

void remove_state_file(const std::string& folder, const char* name) { ::unlink(path_of(folder, name).c_str()); }

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    throw std::runtime_error("no random bytes for the token");
  }
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string token;
  for (const unsigned char byte : bytes) {
    token += kDigits[byte >> 4];
    token += kDigits[byte & 15];
  }
  return token;
}

Result<FolderLock> FolderLock::take(const std::string& folder) {
  const std::string path = path_of(folder, "lock");
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(unusable(path, std::strerror(errno)));
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    ::close(file);
    return fail(ErrorKind::Unavailable, "another datamesh up works in " + folder +
                                            "; stop it, or choose another folder with --state-dir");
  }
  return FolderLock(file);
}

FolderLock::FolderLock(FolderLock&& other) noexcept : file_(other.file_) { other.file_ = -1; }

FolderLock::~FolderLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace datamesh::cli
