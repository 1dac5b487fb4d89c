// Letters of ASCII. Pure.
#pragma once

#include <string>
#include <string_view>

namespace datamesh {

/// `text` with the letters A to Z small, and everything else as it is, whatever the locale.
std::string lower(std::string_view text);

}  // namespace datamesh
