// What Grants by LF-tag expression give: by the account whose catalog has the tags, or within an account that was granted so.
// Source: docs/resources/grant.md, docs/decisions/0009-tag-grants.md
#include <algorithm>

#include "controller/catalog/tag_expression.h"
#include "tests/sim/model_grants.h"

namespace datamesh::sim {
namespace {

using catalog::TagExpression;

/// With the term that the operator adds: only products that let tag Grants in have the tag.
TagExpression expression_of(const Json& spec) {
  TagExpression out = *catalog::parse_tag_expression(string_at(spec, "tagExpression"));
  out.terms["datamesh-tag-grants"] = {"allow"};
  return out;
}

std::string policy(const std::string& owner, const char* type, const TagExpression& expression) {
  return "policy " + owner + ":" + type + ":" + to_string(expression);
}

}  // namespace

/// A key and its values; what the maker has products use is always among them.
void Reckoning::lf_tag(const Json& spec) {
  const auto mesh = declared_.lower_bound({"Mesh", "", ""});
  if (mesh == declared_.end() || mesh->first.kind != "Mesh") excuse("*");  // then no Account is in force either
  if (account_id(declared_, key_.ns, string_at(spec, "account")).empty()) excuse("AccountNotFound");
}

void Reckoning::tag_grant(const Json& spec) {
  if (is_over(spec, "expiresAt")) return;
  const std::string giver = account_id(declared_, key_.ns, string_at(spec, "account"));
  const Json& ref = member(spec, "catalog");
  const std::string owner = ref.is_null() ? giver : account_id(declared_, string_at(ref, "namespace"), string_at(ref, "name"));
  if (giver.empty() || owner.empty()) return excuse("AccountNotFound");
  if (owner != giver) return pass_on_by_tags(spec, giver, owner);
  const TagExpression expression = expression_of(spec);
  for (const std::string& principal : receivers(spec)) {
    if (principal == owner) continue;
    const bool is_account = !principal.starts_with("arn:");
    const Receiver receiver{{owner, kRegion}, principal, is_account || member(spec, "grantable") == true};
    if (account_in(principal) != owner) {
      for (const auto& [key, values] : expression.terms) {
        for (const std::string& value : values) give(receiver, "tag " + owner + ":" + key + "=" + value, {"DESCRIBE"}, Due::Yes);
      }
    }
    give(receiver, policy(owner, "DATABASE", expression), {"DESCRIBE"}, Due::Yes);
    give(receiver, policy(owner, "TABLE", expression), permissions_of(spec), Due::Yes);
  }
}

/// Some Grant of the owner gives the account this expression, or one with more values, and these permissions.
bool Reckoning::was_granted_by_tags(const Json& spec, const std::string& account, const std::string& owner) {
  const TagExpression wanted = expression_of(spec);
  return std::any_of(declared_.begin(), declared_.end(), [&](const auto& each) {
    const auto& [key, object] = each;
    const Json& given = member(object, "spec");
    if (key.kind != "Grant" || !given.contains("tagExpression") || given.contains("catalog") || is_over(given, "expiresAt")) return false;
    if (account_id(declared_, key.ns, string_at(given, "account")) != owner) return false;
    const Json& accounts = member(member(given, "to"), "accounts");
    const bool named = std::any_of(accounts.begin(), accounts.end(), [&](const Json& ref) {
      return account_id(declared_, string_at(ref, "namespace"), string_at(ref, "name")) == account;
    });
    return named && is_subset(wanted, expression_of(given)) && has_all(permissions_of(given), permissions_of(spec));
  });
}

void Reckoning::pass_on_by_tags(const Json& spec, const std::string& account, const std::string& owner) {
  if (!was_granted_by_tags(spec, account, owner)) {
    excuse("AccountNotGranted");
    return excuse("ExceedsTagGrant");
  }
  const auto all = receivers(spec);
  const bool foreign = std::any_of(all.begin(), all.end(), [&](const std::string& principal) {
    return !principal.starts_with("arn:") || account_in(principal) != account;
  });
  if (foreign) return excuse("ForeignPrincipal");
  const TagExpression expression = expression_of(spec);
  for (const std::string& principal : all) {
    const Receiver receiver{{account, kRegion}, principal, member(spec, "grantable") == true};
    give(receiver, policy(owner, "DATABASE", expression), {"DESCRIBE"}, Due::Yes);
    give(receiver, policy(owner, "TABLE", expression), permissions_of(spec), Due::Yes);
    describe_links(account, owner, principal);
  }
}

/// Query engines find what is shared by links: DESCRIBE on those of the account that lead to products in reach of tag Grants.
void Reckoning::describe_links(const std::string& account, const std::string& owner, const std::string& principal) {
  for (const auto& [key, object] : declared_) {
    const Json& spec = member(object, "spec");
    if (key.kind != "ResourceLink" || key.ns != key_.ns || account_id(declared_, key.ns, string_at(spec, "account")) != account) continue;
    const Json& ref = member(spec, "product");
    const auto product = declared_.find({"DataProduct", string_at(ref, "namespace"), string_at(ref, "name")});
    if (product == declared_.end() || governor_of(declared_, product->first) != owner) continue;
    const Json& target = member(product->second, "spec");
    if (string_at(target, "tagGrants") != "Allow") continue;
    const std::string table = string_at(spec, "table");
    const std::string name = spec.value("name", table.empty() ? string_at(target, "database") : table);
    const std::string place = table.empty() ? "database " + account + ":" + name : "table " + account + ":" + string_at(spec, "database") + "/" + name;
    give({{account, kRegion}, principal, false}, place, {"DESCRIBE"}, Due::Yes);
  }
}

}  // namespace datamesh::sim
