// libFuzzer: any bytes as YAML. What is accepted is written and read back unchanged.
#include <cstdlib>
#include <string_view>

#include "controller/base/yaml.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  datamesh::YamlLimits limits;
  limits.bytes = 1 << 16;
  const auto documents =
      datamesh::parse_yaml_documents(std::string_view(reinterpret_cast<const char*>(data), size), limits);
  if (!documents) return 0;
  for (const datamesh::YamlDocument& document : *documents) {
    const auto again = datamesh::parse_yaml(datamesh::to_yaml(document.value));
    if (!again || *again != document.value) std::abort();
  }
  return 0;
}
