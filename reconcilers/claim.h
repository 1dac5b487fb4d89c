// What a resource claims: which entries of which catalogs shall exist because of it. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/api/kinds.h"
#include "controller/base/clock.h"
#include "controller/catalog/entry.h"
#include "controller/mesh/mesh.h"

namespace datamesh::reconcilers {

/// The steps of the reference workflow (design.md); 0 is the account's baseline.
enum class Step : std::uint8_t {
  Baseline,
  RegisterLocation,
  CreateEntities,
  ShareBack,
  ProducerAccess,
  AcceptShare,
  PropagateSchema,
  GrantConsumer,
  ConsumerAccess,
};

/// What becomes of an entry that was made for a claim when the claim ends.
enum class Release { Remove, Retain };

struct Claim {
  catalog::EntryKey key;
  catalog::EntryValue value;
  std::vector<catalog::EntryKey> needs;  ///< entries that must be in place first
  Step step = Step::Baseline;
  Release release = Release::Remove;

  bool operator==(const Claim&) const = default;
};

enum class Effect {
  Waits,    ///< something it refers to is missing; it may come
  Refused,  ///< authority forbids it
  Invalid,  ///< wrong against another resource, until somebody changes one of them
  Ended,    ///< its time is over, or it is not needed
  Held,     ///< somebody must approve it
};

/// Something about the declaration that a reader should know. Claims beside it still count.
struct Finding {
  Effect effect = Effect::Waits;
  std::string reason;
  std::string message;

  bool operator==(const Finding&) const = default;
};

/// What would be claimed, and is not for now.
struct WithheldEntry {
  catalog::EntryKey key;
  catalog::EntryValue value;

  bool operator==(const WithheldEntry&) const = default;
};

struct ClaimSet {
  std::vector<Claim> claims;
  std::vector<Finding> findings;
  std::optional<Time> recheck_at;  ///< when time alone changes the answer
  std::vector<catalog::EntryKey> ended;  ///< what would be claimed, or more of it, had time not ended a Grant it leans on
  std::vector<WithheldEntry> withheld;   ///< what would be claimed, were its table not made again or still to be recorded
  /// There may be more tables, or a Grant may give more of their columns, than can be said now: no table, and nothing that the
  /// Grant gave, is taken back meanwhile.
  bool unknown_tables = false;

  bool operator==(const ClaimSet&) const = default;
};

/// The claims of `resource` as its mesh stands at `now`. A resource that is being deleted claims nothing,
/// but for an LFTag that is used.
ClaimSet claims_of(const api::Resource& resource, const mesh::Mesh& mesh, Time now);

ClaimSet mesh_claims(const api::Resource& resource, const mesh::Mesh& mesh);
ClaimSet account_claims(const api::Resource& resource, const mesh::Mesh& mesh);
ClaimSet data_product_claims(const api::Resource& resource, const mesh::Mesh& mesh);
ClaimSet resource_link_claims(const api::Resource& resource, const mesh::Mesh& mesh);
/// An LFTag that is being deleted claims what it did while something uses its values.
ClaimSet lf_tag_claims(const api::Resource& resource, const mesh::Mesh& mesh);
ClaimSet grant_claims(const api::Resource& resource, const mesh::Mesh& mesh, Time now);
/// Of a Grant by LF-tag expression.
ClaimSet tag_grant_claims(const api::Resource& resource, const mesh::Mesh& mesh, Time now);

}  // namespace datamesh::reconcilers
