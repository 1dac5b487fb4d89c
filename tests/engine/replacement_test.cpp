// One Grant by name in the place of another: whoever reads before and after reads all the time.
#include <gtest/gtest.h>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kReader = "arn:aws:iam::100000000001:role/reader";

std::string grant(const std::string& on) {
  return R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: Grant
metadata: {name: readers, namespace: retail}
spec:
  product: {name: orders}
  to: {principals: [")Y" + std::string(kReader) + "\"]}\n  permissions: [SELECT, DESCRIBE]\n" + on;
}

const std::map<std::string, std::string> kForms = {
    {"all tables", ""},
    {"the table", "  tables: [orders]\n"},
    {"one column", "  permissions: [SELECT]\n  tables: [orders]\n  columns: {include: [id]}\n"},
    {"another column", "  permissions: [SELECT]\n  tables: [orders]\n  columns: {include: [id, customer]}\n"},
    {"some rows", "  permissions: [SELECT]\n  tables: [orders]\n  rowFilter: id > 10\n"},
};

std::string form(const std::string& name) {
  std::string text = grant(kForms.at(name));
  const std::string twice = "  permissions: [SELECT, DESCRIBE]\n";
  if (kForms.at(name).starts_with("  permissions")) text.erase(text.find(twice), twice.size());
  return text;
}

class ReplacementWorld : public SmallWorld {
 public:
  explicit ReplacementWorld(const std::string& from) {
    declare_all();
    apply(form(from));
    start_engine();
    settle();
  }
  void settle() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  bool reads() {
    const auto found = call_as(kReader, aws::Service::Glue, "GetTable", {{"DatabaseName", "orders"}, {"Name", "orders"}});
    if (!found) return false;
    for (const Json& column : at_path(*found, {"Table", "StorageDescriptor", "Columns"})) {
      if (string_at(column, "Name") == "id") return true;
    }
    return false;
  }
  /// The writes after which the reader did not read the column `id`, the first `refused` ones being refused.
  Lines gaps(const std::string& to, int refused) {
    Lines out;
    hooks->before = [this, refused](const aws::Call& call) mutable -> std::optional<Error> {
      if (!is_write(call) || call.service != aws::Service::LakeFormation || refused-- <= 0) return std::nullopt;
      return aws::make_error(call, "ConcurrentModificationException", "somebody else writes", 400);
    };
    hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call) && !reads()) out.push_back(call.operation);
      return std::nullopt;
    };
    apply(form(to));
    settle();
    *hooks = {};
    return out;
  }
};

TEST(Replacement, OfOnePermissionByAnotherLeavesNoGap) {
  for (const auto& [from, on_from] : kForms) {
    for (const auto& [to, on_to] : kForms) {
      for (const int refused : {0, 2}) {
        if (from == to) continue;
        ReplacementWorld world(from);
        ASSERT_TRUE(world.reads()) << from << " " << world.message("Grant", "retail", "readers");
        EXPECT_EQ(world.gaps(to, refused), Lines{}) << from << " to " << to << " refused " << refused;
        EXPECT_TRUE(world.engine->converged()) << from << " to " << to << world.engine->status().dump(2);
        EXPECT_TRUE(world.reads()) << from << " to " << to;
      }
    }
  }
}

TEST(Replacement, ThatIsRefusedForGoodKeepsNothing) {
  ReplacementWorld world("the table");
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions") return std::nullopt;
    return aws::make_error(call, "InvalidInputException", "no", 400);
  };
  world.apply(form("some rows"));
  world.advance(minutes(3));
  EXPECT_FALSE(world.reads());
}

}  // namespace
}  // namespace datamesh::testing
