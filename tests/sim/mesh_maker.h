// Random meshes and random edits of them: manifests as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/model.h"
#include "tests/sim/random.h"

namespace datamesh::sim {

/// One edit: an object to apply, or one to delete.
struct Edit {
  std::optional<Json> apply;
  std::optional<api::ObjectKey> remove;
  std::string what;
};

class MeshMaker {
 public:
  explicit MeshMaker(Random& random);

  /// The objects that a world starts with.
  std::vector<Json> first();
  /// A change of what is declared. `now` is where expiry is counted from.
  Edit edit(const Declared& declared, Time now);

  /// What a Grant gives, and not to whom, is declared in another form: other tables, columns, rows, or tags in the place of names
  /// and the reverse. All of it at once.
  std::vector<Edit> rescope(const Declared& declared, Time now);

  const std::vector<std::string>& accounts() const { return account_ids_; }
  /// True when every product says that what it made goes with it.
  bool retains_nothing() const { return mobile_; }
  /// True when LFTags are declared, and Grants by tag.
  bool tagged() const { return tagged_; }

 private:
  struct Place {
    std::string ns;  ///< the Account has its namespace's name
    std::string id;
  };

  Json mesh();
  Json account(const Place& place);
  Json product(const Place& producer);
  Json table(int number);
  Json link(const Place& consumer, const api::ObjectKey& product, const Json& spec);
  Json product_grant(const api::ObjectKey& product, const Json& spec, Time now);
  Json lf_tag(const Place& place, const std::string& key);
  void change_lf_tag(Json& spec);
  Json tag_grant();
  void change_tag_grant(Json& spec);
  Json link_grant(const api::ObjectKey& link, const Json& product_spec);
  void narrow(Json& spec, const Json& product_spec);
  Json tags();
  Json ref(const Place& place) const;
  std::string fresh_name(const char* stem);

  Edit change(const Declared& declared, Time now);
  Edit create(const Declared& declared, Time now);
  void change_mesh(Json& spec);
  void change_account(Json& spec);
  void change_product(Json& spec, Time now);
  void change_modes(Json& spec);
  void retag(Json& spec);
  void change_table(Json& table);
  void change_grant(Json& spec, const Json& product_spec, Time now);
  std::optional<Json> by_tags_instead(const Declared& declared, const api::ObjectKey& product, const Json& grant_spec);
  std::optional<Json> by_name_instead(const Declared& declared, const Json& grant_spec);

  Random& random_;
  std::vector<Place> producers_;
  std::vector<Place> consumers_;
  std::vector<Place> centrals_;
  std::vector<std::string> account_ids_;
  std::string governance_;
  bool mobile_;  ///< the model of governance may change: nothing is retained then
  bool hybrid_;  ///< products say whether IAM decides too
  bool tagged_;  ///< Grants by tag
  int names_ = 0;
};

}  // namespace datamesh::sim
