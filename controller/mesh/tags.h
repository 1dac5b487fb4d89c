// Who declares an LF-tag and who uses its values. Pure.
#pragma once

#include <map>
#include <set>
#include <string>

#include "controller/api/kinds.h"
#include "controller/mesh/mesh.h"

namespace datamesh::mesh {

/// The key by which a product lets tag Grants reach it; its values are "allow" and "deny".
inline constexpr const char* kTagGrantsKey = "datamesh-tag-grants";

using TagValues = std::map<std::string, std::set<std::string>>;  ///< by key; lower case

/// The tag values that `resource` puts on something, or grants on. "*" names no value. An expression that does not
/// parse uses nothing.
TagValues tags_used_by(const api::Resource& resource);
/// The 12-digit id of the account in whose catalog `resource` uses its tags; empty while it is not known.
std::string tag_account_of(const api::Resource& resource, const Mesh& mesh);

/// The LFTag that is the authority for `key` in the catalog of the account: the oldest; null when there is none.
const api::Resource* lf_tag_of(const Mesh& mesh, const std::string& account_id, const std::string& key);

}  // namespace datamesh::mesh
