#include "controller/engine/remedy.h"

#include <algorithm>

#include "controller/api/codec.h"
#include "controller/base/text.h"
#include "controller/catalog/tag_expression.h"
#include "controller/mesh/tags.h"
#include "controller/mesh/topology.h"

namespace datamesh::engine {
namespace {

using api::ObjectKey;
using api::Resource;
using catalog::Hop;
using catalog::HopKind;

Remedy only(std::string text) { return {std::move(text), {}, {}}; }

bool is_permission(HopKind kind) {
  return kind == HopKind::Permission || kind == HopKind::AccountPermission || kind == HopKind::LocalPermission;
}

/// The permission that the missing hop belongs to: the nearest before it.
const Hop* permission_before(const RemedyInput& input) {
  const Hop* out = nullptr;
  for (const Hop& hop : input.access.hops) {
    if (&hop == &input.missing) break;
    if (is_permission(hop.kind)) out = &hop;
  }
  return out;
}

const Resource* declared(const RemedyInput& input, const Hop& hop, const char* kind) {
  for (const ObjectKey& key : input.because(hop)) {
    if (key.kind == kind) return input.mesh.find(key);
  }
  return nullptr;
}

/// "/" and "~" in a name within a JSON pointer.
std::string pointer_part(const std::string& name) {
  std::string out;
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

/// The patch that gives the object of the query, which the product declares at `path`, a tag.
Json tag_patch(const std::string& path, const std::map<std::string, std::string>& tags, const std::string& key, const std::string& value) {
  if (tags.empty()) return Json::array({{{"op", "add"}, {"path", path + "/tags"}, {"value", {{key, value}}}}});
  return Json::array({{{"op", "add"}, {"path", path + "/tags/" + pointer_part(key)}, {"value", value}}});
}

/// Where the product declares the column, the table or the database of the query, and the tags that it gives it.
struct Declared {
  std::string path;
  const std::map<std::string, std::string>* tags = nullptr;
};
std::optional<Declared> declared_object(const api::DataProductSpec& product, const catalog::AccessQuery& query) {
  if (query.table.empty()) return Declared{"/spec", &product.tags};
  for (std::size_t i = 0; i < product.tables.size(); ++i) {
    const api::Table& table = product.tables[i];
    if (lower(table.name) != query.table) continue;
    const std::string path = "/spec/tables/" + std::to_string(i);
    if (query.column.empty()) return Declared{path, &table.tags};
    for (const auto& [field, columns] : {std::pair("columns", &table.columns), std::pair("partitionKeys", &table.partition_keys)}) {
      for (std::size_t n = 0; n < columns->size(); ++n) {
        const api::Column& column = (*columns)[n];
        if (lower(column.name) == query.column) return Declared{path + "/" + field + "/" + std::to_string(n), &column.tags};
      }
    }
  }
  return std::nullopt;
}

/// A tag that the product lacks: whoever has the namespace of the product says what its data is.
Remedy tag_the_product(const RemedyInput& input, const std::string& key, const std::set<std::string>& values) {
  const std::string& value = *values.begin();
  const std::string object = object_text(input.query);
  if (value == "*") return only("give " + object + " any value of tag " + key + ", in its DataProduct");
  const auto& product = mesh::spec_of<api::DataProductSpec>(*input.product);
  const auto found = declared_object(product, input.query);
  const std::string text = "tag " + object + " with " + key + ": " + value + ", if that is what it is: in DataProduct " +
                           name_of(input.product->key) + ", namespace " + input.product->key.ns + "; everybody who is granted by this tag gains it";
  if (!found) return only(text + "; the product does not declare it by name, so tag the whole product or declare it");
  return {text, {}, {{input.product->key, tag_patch(found->path, *found->tags, key, value)}}};
}

Remedy tag_remedy(const RemedyInput& input) {
  const Hop* permission = permission_before(input);
  const auto id = permission == nullptr || !permission->entry ? std::nullopt : catalog::parse_permission_id(permission->entry->name);
  if (!id) return only("grant it by name");
  const catalog::Holding holding{*permission->entry, *id, {}, {}, false, false};
  const auto terms = terms_of(holding, input.query.object(), input.query.column, input.governing);
  const auto miss = std::find_if(terms.begin(), terms.end(), [](const catalog::TagTerm& term) { return !term.matches; });
  if (miss == terms.end()) return only("grant it by name");
  catalog::TagExpression expression = catalog::expression_of(id->resource.detail);
  if (miss->key == mesh::kTagGrantsKey && input.product != nullptr) {
    return {"DataProduct " + name_of(input.product->key) + " does not let tag Grants in: set tagGrants: Allow, in namespace " +
                input.product->key.ns + "; then every tag Grant that matches reaches it",
            {},
            {{input.product->key, Json::array({{{"op", "add"}, {"path", "/spec/tagGrants"}, {"value", "Allow"}}})}}};
  }
  if (!miss->entry && input.product != nullptr) return tag_the_product(input, miss->key, expression.terms.at(miss->key));
  const Resource* grant = declared(input, *permission, "Grant");
  if (grant == nullptr) return only("the permission by tags is not declared: declare a Grant that has " + miss->key + " = " + miss->value);
  api::GrantSpec spec = mesh::spec_of<api::GrantSpec>(*grant);
  expression.terms[miss->key].insert(miss->value);
  expression.terms.erase(mesh::kTagGrantsKey);
  spec.tag_expression = to_text(expression);
  return {"let Grant " + name_of(grant->key) + " take the value " + miss->value + " of tag " + miss->key + " too, in namespace " +
              grant->key.ns + ": that opens everything which is tagged so to all whom it names; a Grant of the product opens this alone",
          {manifest_of(grant->key, spec)},
          {}};
}

/// "country = 'de' AND amount = 5": the row, by the columns that the filter compares.
std::string clause_of(const catalog::RowFilter& filter, const catalog::Row& row, std::set<std::string>& seen) {
  std::string out;
  if (!filter.path.empty()) {
    std::string column;
    for (const std::string& part : filter.path) column += (column.empty() ? "" : ".") + part;
    const auto value = row.find(column);
    if (value == row.end() || !seen.insert(column).second) return "";
    catalog::RowFilter one = filter;
    one.operands.clear();
    one.kind = value->second ? catalog::RowFilter::Kind::Equal : catalog::RowFilter::Kind::IsNull;
    one.constants.clear();
    if (value->second) {
      const auto type = filter.constants.empty() ? catalog::RowConstant::Type::Text : filter.constants.front().type;
      one.constants.push_back({type, *value->second, 0});
    }
    return canonical_text(one);
  }
  for (const catalog::RowFilter& operand : filter.operands) {
    const std::string part = clause_of(operand, row, seen);
    if (!part.empty()) out += (out.empty() ? "" : " AND ") + part;
  }
  return out;
}

Remedy filter_remedy(const RemedyInput& input) {
  const Resource* grant = declared(input, input.missing, "Grant");
  if (grant == nullptr) return only("nothing declares the data filter: declare a Grant with a rowFilter that lets the row in");
  api::GrantSpec spec = mesh::spec_of<api::GrantSpec>(*grant);
  const auto filter = catalog::parse_row_filter(spec.row_filter);
  if (!filter || !input.query.row) return only("let Grant " + name_of(grant->key) + " have a rowFilter that lets the row in");
  if (const auto missing = columns_not_given(*filter, *input.query.row); !missing.empty()) {
    std::string names;
    for (const std::string& name : missing) names += (names.empty() ? "" : ", ") + name;
    return only("say what the row has in " + names + ": the rowFilter of Grant " + name_of(grant->key) + " depends on it");
  }
  std::set<std::string> seen;
  spec.row_filter = "(" + spec.row_filter + ") OR (" + clause_of(*filter, *input.query.row, seen) + ")";
  return {"let the rowFilter of Grant " + name_of(grant->key) + " take rows like this one too, in namespace " + grant->key.ns +
              ": all whom it names gain them",
          {manifest_of(grant->key, spec)},
          {}};
}

std::string link_name(const RemedyInput& input, const std::string& ns) {
  std::string out = input.product->key.name;
  for (int n = 2; input.mesh.find({"ResourceLink", ns, out}) != nullptr; ++n) out = input.product->key.name + "-" + std::to_string(n);
  return out;
}

Json link_manifest(const RemedyInput& input, const Resource& account) {
  const ObjectKey& product = input.product->key;
  api::ResourceLinkSpec spec;
  spec.account = account.key.name;
  spec.product = {product.ns == account.key.ns ? "" : product.ns, product.name};
  return manifest_of({"ResourceLink", account.key.ns, link_name(input, account.key.ns)}, spec);
}

Remedy share_remedy(const RemedyInput& input, const Resource* account) {
  const std::string id = catalog::account_of_principal(input.query.principal);
  if (account == nullptr) {
    return only("no Account has the id " + id + ": declare it, and the operator accepts what is shared with it; until then its "
                "own administrators accept the resource share");
  }
  const auto parties = input.because(input.missing);
  if (parties.empty() && input.product != nullptr) {
    return {"nothing that is declared needs the share: a ResourceLink in namespace " + account->key.ns + " makes the operator accept it",
            {link_manifest(input, *account)},
            {}};
  }
  const std::string trouble = input.trouble(account->key);
  return only("the operator accepts the share in Account " + name_of(account->key) + ", or has it made anew where it expired" +
              (trouble.empty() ? ", with its next look at the shares" : "; but " + trouble));
}

Remedy link_remedy(const RemedyInput& input, const Resource* account) {
  if (account == nullptr) return only("declare the account, and a ResourceLink to the product in its namespace");
  if (input.missing.entry && !input.because(input.missing).empty()) return local_grant_remedy(input);
  const std::string text = "link the product in the catalog of Account " + name_of(account->key) + ": in namespace " + account->key.ns;
  return {text, {link_manifest(input, *account)}, {}};
}

Remedy location_remedy(const RemedyInput& input) {
  if (input.product == nullptr) {
    return only("register the location: declare it as the location of the DataProduct whose data it is, or as its table's");
  }
  const auto& product = mesh::spec_of<api::DataProductSpec>(*input.product);
  if (!product.location.empty()) {
    const std::string trouble = input.trouble(input.product->key);
    return only("the table lies outside of " + product.location + ", which DataProduct " + name_of(input.product->key) +
                " registers, or that is not done yet" + (trouble.empty() ? "" : "; " + trouble));
  }
  return only("give DataProduct " + name_of(input.product->key) + " a location that the table lies in, in namespace " +
              input.product->key.ns);
}

}  // namespace

std::string name_of(const ObjectKey& key) { return key.ns + "/" + key.name; }

Json manifest_of(const ObjectKey& key, const api::Spec& spec) {
  Json out = {{"apiVersion", api::kGroupVersion}, {"kind", key.kind}, {"metadata", {{"name", key.name}, {"namespace", key.ns}}}};
  out["spec"] = api::encode_spec(spec);
  if (key.kind == "Grant" && member(out["spec"], "grantable") == false) out["spec"].erase("grantable");
  return out;
}

Remedy remedy_for(const RemedyInput& input) {
  const auto& query = input.query;
  const std::string id = catalog::account_of_principal(query.principal);
  const auto accounts = input.mesh.accounts_with_id(id);
  const Resource* account = accounts.empty() ? nullptr : accounts.front();
  const bool needs_product = is_permission(input.missing.kind) || input.missing.kind == HopKind::Link;
  if (!query.location.empty() && is_permission(input.missing.kind)) {
    return only("a producer's persona that may CREATE_TABLE or ALTER is given the location of its DataProduct: name the principal in a "
                "persona, and the persona in producerAccess");
  }
  if (needs_product && input.product == nullptr) {
    return only("no DataProduct is about " + object_text(query) + ", so nobody can grant it by declaration: declare it as a product "
                "of the account that has it");
  }
  switch (input.missing.kind) {
    case HopKind::Permission: return product_grant_remedy(input, query.principal);
    case HopKind::AccountPermission: return product_grant_remedy(input, id);
    case HopKind::LocalPermission: {
      const Hop* outer = permission_before(input);
      const auto held = outer == nullptr || !outer->entry ? std::nullopt : catalog::parse_permission_id(outer->entry->name);
      if (held && held->resource.type == catalog::ResourceType::TablePolicy) return local_tag_grant_remedy(input, *held);
      return local_grant_remedy(input);
    }
    case HopKind::Tag: return tag_remedy(input);
    case HopKind::DataFilter: return filter_remedy(input);
    case HopKind::Share: return share_remedy(input, account);
    case HopKind::Link: return link_remedy(input, account);
    case HopKind::Location: return location_remedy(input);
    case HopKind::OptIn:
      return only("opt it in: a Grant to it under accessMode: Hybrid does, and so does a data lake administrator of its account");
  }
  return {};
}

}  // namespace datamesh::engine
