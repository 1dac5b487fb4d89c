#include "controller/base/read_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace datamesh {

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    return fail(error == ENOENT || error == ENOTDIR ? ErrorKind::NotFound : ErrorKind::Unavailable,
                std::strerror(error), path);
  }
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return fail(ErrorKind::Unavailable, "it cannot be read", path);
  return text.str();
}

}  // namespace datamesh
