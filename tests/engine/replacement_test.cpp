// One Grant in the place of another, by name or by tags, within one account and across two: whoever reads before and after
// reads all the time.
#include <gtest/gtest.h>

#include "tests/engine/small_world.h"

namespace datamesh::testing {
namespace {

constexpr const char* kReader = "arn:aws:iam::100000000001:role/reader";

/// `level`: of the database.
std::string product(const std::string& level) {
  return std::string(R"Y(
apiVersion: datamesh.dev/v1alpha1
kind: LFTag
metadata: {name: level, namespace: governance}
spec: {account: central, key: level, values: [public, internal]}
---)Y") + kOrdersHead + "  tagGrants: Allow\n  tags: {level: " + level + R"Y(}
  tables:
    - name: orders
      columns: [{name: id, type: bigint}, {name: customer, type: string}]
    - name: items
      columns: [{name: sku, type: string}]
)Y";
}

/// What a Grant says of what it gives; `expression` for those by tags, else what follows the product or link.
struct Form {
  std::string on;
  std::string expression;
};

const std::map<std::string, Form> kForms = {
    {"all tables", {"  permissions: [SELECT, DESCRIBE]\n", ""}},
    {"the table", {"  permissions: [SELECT, DESCRIBE]\n  tables: [orders]\n", ""}},
    {"one column", {"  permissions: [SELECT]\n  tables: [orders]\n  columns: {include: [id]}\n", ""}},
    {"another column", {"  permissions: [SELECT]\n  tables: [orders]\n  columns: {include: [id, customer]}\n", ""}},
    {"some rows", {"  permissions: [SELECT]\n  tables: [orders]\n  rowFilter: id > 10\n", ""}},
    {"a tag", {"", "level = internal"}},
    {"another tag", {"", "level in (internal, public)"}},
};

std::string grant(const std::string& ns, const std::string& name, const std::string& spec) {
  return "---\napiVersion: datamesh.dev/v1alpha1\nkind: Grant\nmetadata: {name: " + name + ", namespace: " + ns + "}\nspec:\n" + spec;
}

/// Gives to `receiver` what the form says, by the authority of the owner.
std::string by_owner(const std::string& form, const std::string& receiver) {
  const Form& is = kForms.at(form);
  if (!is.expression.empty()) {
    return grant("governance", "tagged", "  account: central\n  tagExpression: " + is.expression + "\n  to: " + receiver + "\n");
  }
  return grant("retail", "named", "  product: {name: orders}\n  to: " + receiver + "\n" + is.on);
}

/// Passes it on to the analyst. Only the owner can choose rows.
std::string by_receiver(const std::string& form) {
  const Form& is = kForms.at(form);
  const std::string to = "  to: {personas: [{account: {name: analytics}, name: analysts}]}\n";
  if (!is.expression.empty()) {
    return grant("analytics", "passed-on-by-tags", "  account: analytics\n  catalog: {namespace: governance, name: central}\n  tagExpression: " + is.expression + "\n" + to);
  }
  const std::string on = is.on.substr(0, is.on.find("  rowFilter"));
  return grant("analytics", "passed-on", "  link: orders\n" + to + on);
}

class ReplacementWorld : public SmallWorld {
 public:
  /// `across`: the reader is of another account, which passes on what it was given.
  ReplacementWorld(bool across, const std::string& from) : across_(across) {
    apply(product("internal"));
    if (across) apply("apiVersion: datamesh.dev/v1alpha1\nkind: ResourceLink\nmetadata: {name: orders, namespace: analytics}\nspec: {account: analytics, product: {namespace: retail, name: orders}}\n");
    declare(from);
    start_engine();
    settle();
  }
  void declare(const std::string& form) {
    apply(by_owner(form, across_ ? "{accounts: [{namespace: analytics, name: analytics}]}" : "{principals: [\"" + std::string(kReader) + "\"]}"));
    if (across_) apply(by_receiver(form));
  }
  /// What declared the form and is not the same object in the other.
  void forget(const std::string& form, const std::string& other) {
    const bool by_tags = !kForms.at(form).expression.empty();
    if (by_tags == !kForms.at(other).expression.empty()) return;
    by_tags ? remove("Grant", "governance", "tagged") : remove("Grant", "retail", "named");
    if (across_) remove("Grant", "analytics", by_tags ? "passed-on-by-tags" : "passed-on");
  }
  void settle() { EXPECT_TRUE(run_until_idle()) << engine->status().dump(2); }
  bool reads() {
    const auto found = call_as(across_ ? kAnalyst : kReader, aws::Service::Glue, "GetTable",
                               {{"CatalogId", kCentral}, {"DatabaseName", "orders"}, {"Name", "orders"}});
    if (!found) return false;
    for (const Json& column : at_path(*found, {"Table", "StorageDescriptor", "Columns"})) {
      if (string_at(column, "Name") == "id") return true;
    }
    return false;
  }
  /// The writes after which the reader did not read the column `id`, the first `refused` ones being refused.
  Lines gaps(const std::string& from, const std::string& to, int refused) {
    return gaps([&] { declare(to), forget(from, to); }, refused);
  }
  Lines gaps(const std::function<void()>& change, int refused) {
    Lines out;
    hooks->before = [refused](const aws::Call& call) mutable -> std::optional<Error> {
      if (!is_write(call) || call.service != aws::Service::LakeFormation || refused-- <= 0) return std::nullopt;
      return aws::make_error(call, "ConcurrentModificationException", "somebody else writes", 400);
    };
    hooks->after = [&](const aws::Call& call) -> std::optional<Error> {
      if (is_write(call) && !reads()) out.push_back(call.target.account + " " + call.operation);
      return std::nullopt;
    };
    change();
    settle();
    *hooks = {};
    return out;
  }

 private:
  bool across_;
};

void expect_no_gaps(bool across) {
  for (const auto& [from, on_from] : kForms) {
    for (const auto& [to, on_to] : kForms) {
      for (const int refused : {0, 2}) {
        if (from == to) continue;
        ReplacementWorld world(across, from);
        ASSERT_TRUE(world.reads()) << from << " " << world.engine->status().dump(2);
        EXPECT_EQ(world.gaps(from, to, refused), Lines{}) << from << " to " << to << " refused " << refused;
        EXPECT_TRUE(world.engine->converged()) << from << " to " << to << world.message("Grant", "analytics", "passed-on");
        EXPECT_TRUE(world.reads()) << from << " to " << to;
      }
    }
  }
}

TEST(Replacement, OfOnePermissionByAnotherLeavesNoGap) { expect_no_gaps(false); }

TEST(Replacement, OfWhatAnotherAccountPassesOnLeavesNoGap) { expect_no_gaps(true); }

TEST(Replacement, ByATagThatLetsInWhoeverHasAPermissionLeavesNoGap) {
  for (const bool across : {false, true}) {
    for (const std::string from : {"all tables", "the table", "one column"}) {
      for (const int refused : {0, 2}) {
        ReplacementWorld world(across, from);
        world.declare("a tag");
        world.apply(product("public"));
        world.settle();
        ASSERT_TRUE(world.reads());
        const Lines gaps = world.gaps([&] {
          world.apply(product("internal"));
          world.forget(from, "a tag");
        }, refused);
        EXPECT_EQ(gaps, Lines{}) << from << (across ? " across" : "") << " refused " << refused;
        EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
        EXPECT_TRUE(world.reads());
      }
    }
  }
}

TEST(Replacement, OfATagByAPermissionByNameLeavesNoGap) {
  for (const bool across : {false, true}) {
    for (const std::string to : {"all tables", "the table", "one column", "some rows"}) {
      for (const int refused : {0, 1, 2, 3}) {
        ReplacementWorld world(across, "a tag");
        ASSERT_TRUE(world.reads());
        const Lines gaps = world.gaps([&] {
          world.apply(product("public"));
          world.declare(to);
        }, refused);
        EXPECT_EQ(gaps, Lines{}) << to << (across ? " across" : "") << " refused " << refused;
        EXPECT_TRUE(world.engine->converged()) << world.engine->status().dump(2);
        EXPECT_TRUE(world.reads());
      }
    }
  }
}

TEST(Replacement, ThatIsRefusedForGoodKeepsNothing) {
  ReplacementWorld world(false, "the table");
  world.hooks->before = [](const aws::Call& call) -> std::optional<Error> {
    if (call.operation != "BatchGrantPermissions") return std::nullopt;
    return aws::make_error(call, "InvalidInputException", "no", 400);
  };
  world.declare("some rows");
  world.advance(minutes(3));
  EXPECT_FALSE(world.reads());
}

}  // namespace
}  // namespace datamesh::testing
