#include "controller/lake/pages.h"

namespace datamesh::lake {

Result<void> for_each_page(aws::Api& api, aws::Call call, const char* token,
                           const std::function<void(const Json& page)>& visit) {
  std::string last;
  for (;;) {
    TRY_VALUE(const Json page, api.call(call));
    visit(page);
    std::string next = string_at(page, token);
    if (next.empty()) return {};
    if (next == last) {
      return fail(ErrorKind::Transient, "the listing repeats its token", call.operation);
    }
    last = next;
    call.input[token] = std::move(next);
  }
}

}  // namespace datamesh::lake
