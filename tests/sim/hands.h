// Somebody with an administrator's role who changes catalogs by hand, and remembers what is his.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sim/journal.h"
#include "tests/sim/lake_view.h"
#include "tests/sim/model.h"
#include "tests/sim/random.h"

namespace datamesh::sim {

class Hands {
 public:
  struct Parts {
    testing::World* world = nullptr;
    Random* random = nullptr;
    Journal* journal = nullptr;
    std::vector<std::string> accounts;
  };

  explicit Hands(Parts parts) : parts_(std::move(parts)) {}

  /// Makes himself administrator of the account, and the auditor a reader.
  void move_in(const std::string& account);
  /// Does something. `declared` says what can be meddled with.
  void meddle(const Declared& declared);

  /// Rights of principals that no manifest names: nobody but him gave or may take them.
  Rights own;
  /// Rights beside declared ones, on the same resources: they may stay or go with those.
  Rights beside;
  /// Databases and tables of his own as they shall stay, by catalog and name.
  std::map<std::pair<CatalogRef, std::string>, Json> objects;

  /// "owner:database" and "owner:database/table" of what he made, dropped, changed or tagged; whoever looks may forget it.
  std::set<std::string> touched;
  /// "owner:database/table#key" of every tag that he ever set: where nothing declares it, it stays.
  std::set<std::string> tagged;

  /// The operator has deleted this database or table: what hung on it is gone.
  void forget_place(const CatalogRef& catalog, const std::string& place);

 private:
  bool call(const std::string& account, aws::Service service, const std::string& operation, Json input);
  void grant_to_stranger(const std::string& account);
  void widen(const Declared& declared);
  void revoke_something(const std::string& account);
  void make_database(const std::string& account);
  void drop_table(const std::string& account);
  void make_table_again(const std::string& account);
  void change_columns(const std::string& account);
  void break_share(const std::string& account);
  void refuse_invitation(const std::string& account);
  void change_tag(const std::string& account);
  void change_settings(const std::string& account);
  bool change_permission(const char* operation, const Right& right);

  Parts parts_;
  int names_ = 0;
};

}  // namespace datamesh::sim
