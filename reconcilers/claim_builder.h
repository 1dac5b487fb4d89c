// The few shapes of claims that several kinds share. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/catalog/entry.h"
#include "controller/mesh/topology.h"
#include "reconcilers/claim.h"

namespace datamesh::reconcilers {

/// "s3://bucket/prefix/" as the ARN under which it is registered in `region`: "arn:aws:s3:::bucket/prefix", and
/// "arn:aws-cn:s3:::…" in cn-north-1.
std::string location_arn(const std::string& s3_uri, const std::string& region);

/// A finding for something that `answer` did not find.
Finding missing(const mesh::AccountAnswer& answer);
Finding waits(std::string_view reason, std::string message);
Finding refused(std::string_view reason, std::string message);

/// The finding that `value` is none of those that the LFTag declares; nullopt when it is one.
std::optional<Finding> undeclared_value(const api::Resource& lf_tag, const std::string& value);

catalog::EntryKey settings_of(const CatalogRef& catalog);
catalog::EntryKey share_from(const CatalogRef& receiver, const std::string& sender);
catalog::EntryKey permission(const CatalogRef& catalog, const catalog::ResourceId& resource,
                             const std::string& principal);

/// A permission without grant option, or with the option on all of it.
enum class Option { None, All };
catalog::PermissionValue value_of(catalog::PermissionSet permissions, Option option = Option::None);
/// SELECT on `columns`.
catalog::PermissionValue value_of_columns(std::vector<std::string> columns, Option option);

/// The principals of the persona `name` of `account`; empty when it has none of that name.
std::vector<std::string> principals_of(const api::AccountSpec& account, const std::string& name);

/// Where a link of `link` points and what it is called, once its references are there.
struct LinkTarget {
  mesh::AccountAnswer consumer;
  mesh::AccountAnswer owner;
  const api::Resource* product = nullptr;
  CatalogRef catalog;        ///< the consumer's, where the link is
  std::string region;        ///< of the target
  std::string name;          ///< local database name of a database link, or the table's local name
  std::string database;      ///< for a table link: the local database that holds it
  std::string table;         ///< target table; empty for a database link
  bool own_catalog = false;  ///< the product lives in this very catalog: no link is needed

  /// The link as a resource of the consumer's catalog.
  catalog::ResourceId resource() const;
};
/// The target of `link`, or the finding that says what is missing.
struct LinkAnswer {
  std::optional<LinkTarget> target;
  std::optional<Finding> finding;
};
LinkAnswer target_of(const api::Resource& link, const mesh::Mesh& mesh);

}  // namespace datamesh::reconcilers
