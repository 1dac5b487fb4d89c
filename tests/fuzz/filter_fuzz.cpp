// libFuzzer: any bytes as a row filter and as a tag expression. What is accepted is written and read back unchanged, and every
// problem stands within the text.
#include <cstdlib>
#include <string>
#include <string_view>

#include "controller/catalog/row_filter.h"
#include "controller/catalog/tag_expression.h"

namespace {

namespace catalog = datamesh::catalog;

void check_row_filter(std::string_view text) {
  const auto filter = catalog::parse_row_filter(text);
  if (!filter) {
    if (filter.error().at > text.size() || describe(filter.error(), text).empty()) std::abort();
    return;
  }
  const std::string canonical = canonical_text(*filter);
  if (canonical.size() <= catalog::kMostRowFilterBytes) {
    const auto again = catalog::parse_row_filter(canonical);
    if (!again || !(*again == *filter) || canonical_text(*again) != canonical) std::abort();
  }
  static const std::vector<catalog::ColumnShape> kColumns = {
      {"a", "bigint", ""}, {"b", "string", ""}, {"c", "decimal(5,2)", ""}, {"d", "date", ""}, {"e", "struct<f:timestamp>", ""}};
  for (const auto& problem : problems_in(*filter, kColumns, {{"p", "int", ""}})) {
    if (problem.at > text.size() || describe(problem, text).empty()) std::abort();
  }
}

void check_tag_expression(std::string_view text) {
  const auto expression = catalog::parse_tag_expression(text);
  if (expression && !(catalog::expression_of(to_string(*expression)) == *expression)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_row_filter(text);
  check_tag_expression(text);
  return 0;
}
