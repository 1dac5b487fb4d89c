// The reckoning behind `expect`. Pure.
#pragma once

#include <optional>

#include "tests/sim/model.h"

namespace datamesh::sim {

/// Simulated worlds live in one region.
inline constexpr const char* kRegion = "eu-west-1";

enum class Due { Yes, No };

struct Product {
  const Json* spec = nullptr;
  std::string owner;     ///< account that governs it
  std::string producer;  ///< account
  std::string database;
  std::map<std::string, std::set<std::string>> tables;  ///< names to columns
};

struct Receiver {
  CatalogRef catalog;  ///< where it is granted
  std::string principal;
  bool option = false;
};

/// What an account was granted on a product as a whole, and may pass on.
struct Entitlement {
  std::set<std::string> on_all;
  struct OnTable {
    std::set<std::string> whole;
    std::set<std::string> columns;
    std::set<std::string> filters;
  };
  std::map<std::string, OnTable> tables;

  bool empty() const { return on_all.empty() && tables.empty(); }
  std::set<std::string> whole(const std::string& table) const;
};

/// The account of an ARN, or the account itself.
std::string account_in(const std::string& principal);
/// Table permissions as a Grant declares them, ALL spelled out.
std::set<std::string> permissions_of(const Json& grant_spec);
bool has_all(const std::set<std::string>& have, const std::set<std::string>& wanted);

class Reckoning {
 public:
  Reckoning(const Declared& declared, Time now);
  Expectation all();

 private:
  void excuse(const std::string& reason);
  void give(const Receiver& receiver, const std::string& resource, const std::set<std::string>& permissions, Due due);
  std::vector<std::string> persona(const std::string& ns, const std::string& account, const std::string& name);
  std::optional<Product> product_at(const api::ObjectKey& key);
  void mesh(const Json& spec);
  void product(const Json& spec);
  void leave_to_iam(const Json& spec, const Product& product);
  void link(const Json& spec);
  void give_up(const Right& right);
  void settle_contests();
  void settle_columns();
  void settle_backing();
  void settle_openings();

  // model_grants.cpp
  void grant(const Json& spec);
  void product_grant(const Json& spec);
  void link_grant(const Json& spec);
  bool is_over(const Json& spec, const char* field) const;
  std::vector<std::string> receivers(const Json& spec);
  void give_product(const Json& spec, const Product& product, const Receiver& receiver);
  void give_columns(const Json& columns, const Receiver& receiver, const Product& product, const std::string& table);
  bool fits(const Product& product, const std::string& table) const;
  Due unless_unfit(const Json& spec);
  Entitlement entitlement(const api::ObjectKey& product, const Product& found, const std::string& account);
  bool give_local(const Json& spec, const Product& product, const Receiver& receiver, const Entitlement& entitled);
  // model_tags.cpp
  void lf_tag(const Json& spec);
  void tag_grant(const Json& spec);
  bool was_granted_by_tags(const Json& spec, const std::string& account, const std::string& owner);
  void pass_on_by_tags(const Json& spec, const std::string& account, const std::string& owner);
  void describe_links(const std::string& account, const std::string& owner, const std::string& principal);

  bool give_local_table(const Json& spec, const Product& product, const Receiver& receiver, const std::string& table);

  const Declared& declared_;
  Time now_;
  api::ObjectKey key_;
  Entitlement entitled_;  ///< of the link Grant at hand
  Expectation out_;
  std::map<Right, std::set<api::ObjectKey>> givers_;
};

}  // namespace datamesh::sim
