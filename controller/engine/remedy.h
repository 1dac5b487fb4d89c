// The smallest change that mends a missing hop: what to declare, in whose namespace, ready to apply. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "controller/catalog/evaluate.h"
#include "controller/mesh/mesh.h"

namespace datamesh::engine {

/// A small change of a large object: a JSON patch (RFC 6902).
struct SmallPatch {
  api::ObjectKey object;
  Json operations;
};

struct Remedy {
  std::string text;
  std::vector<Json> manifests;       ///< whole objects
  std::vector<SmallPatch> patches;
};

struct RemedyInput {
  const catalog::AccessQuery& query;
  const catalog::Access& access;
  const catalog::Hop& missing;       ///< one of `access`
  const catalog::Snapshot& governing;
  const catalog::Snapshot* local = nullptr;  ///< the catalog of the principal's account; null where there is none to read
  const api::Resource* product = nullptr;  ///< that the object is part of; null: no product's
  const mesh::Mesh& mesh;
  Time now;
  /// What keeps the resource from being Ready, "Conflict: …"; empty when it is Ready.
  std::function<std::string(const api::ObjectKey&)> trouble;
  /// The declarations behind the entry of a hop.
  std::function<std::vector<api::ObjectKey>(const catalog::Hop&)> because;
};

/// The change that mends this hop and gives the least: a Grant that names nobody else is widened, else a new one gives just what
/// was asked. Where mending the hop gives something to others too, as a value of a tag does, the text says so.
Remedy remedy_for(const RemedyInput& input);

/// A Grant that names the receiver, or could: how far it is from giving what is asked.
enum class Coverage { Gives, GivesWhenWidened, Never };
/// `spec` with what it lacks to give what `query` asks, rows aside.
Coverage widen(api::GrantSpec& spec, const catalog::AccessQuery& query);

/// Remedies of the hops that a Grant makes: on the product to a principal or an account; within an account.
Remedy product_grant_remedy(const RemedyInput& input, const std::string& receiver);
Remedy local_grant_remedy(const RemedyInput& input);
/// The same by tags, where the account holds what it holds by the expression of `policy`.
Remedy local_tag_grant_remedy(const RemedyInput& input, const catalog::PermissionId& policy);

/// {"apiVersion", "kind", "metadata", "spec"}.
Json manifest_of(const api::ObjectKey& key, const api::Spec& spec);
/// "retail/orders".
std::string name_of(const api::ObjectKey& key);

}  // namespace datamesh::engine
