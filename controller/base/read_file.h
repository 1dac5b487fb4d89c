#pragma once

#include <string>

#include "controller/base/result.h"

namespace datamesh {

/// The whole text of a file.
/// Errors: NotFound when it is not there; Unavailable when it cannot be read.
Result<std::string> read_file(const std::string& path);

}  // namespace datamesh
