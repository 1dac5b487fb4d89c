// libFuzzer: any bytes as JSON. What is accepted is written and read back unchanged.
#include <cstdlib>
#include <string_view>

#include "controller/base/json.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto value = datamesh::parse_json(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!value) return 0;
  const auto again = datamesh::parse_json(value->dump());
  if (!again || *again != *value) std::abort();
  return 0;
}
