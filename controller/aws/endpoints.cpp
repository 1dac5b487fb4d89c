#include "controller/aws/endpoints.h"

#include <algorithm>
#include <array>

#include "controller/base/partition.h"

namespace datamesh::aws {
namespace {

bool is_region(std::string_view text) {
  return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

/// GovCloud's plain endpoints of these are FIPS endpoints already, and have no other name; of IAM also the dual-stack one.
bool is_fips_by_itself(std::string_view host, const Partition& partition) {
  static constexpr std::array<std::string_view, 5> kPlain = {"sts", "ram", "sqs", "iam", "portal.sso"};
  return partition.name == "aws-us-gov" && std::find(kPlain.begin(), kPlain.end(), host) != kPlain.end();
}

}  // namespace

Result<std::string> endpoint_of(Service service, const std::string& region, const EndpointOptions& options) {
  const auto found = options.overrides.find(service);
  if (found != options.overrides.end()) return base_address(found->second);
  if (!options.override_all.empty()) return base_address(options.override_all);
  return endpoint_of(to_string(service), region, options);
}

std::string signing_region(Service service, const std::string& region) {
  return service == Service::Iam ? std::string(partition_for(region).iam_region) : region;
}

Result<std::string> endpoint_of(std::string_view host, const std::string& region, const EndpointOptions& options) {
  if (!is_region(region)) return fail(ErrorKind::Invalid, "\"" + region + "\" is no name of a region", "endpoint");
  const Partition& partition = partition_for(region);
  const std::string_view suffix =
      options.stack == Stack::Dual ? partition.dual_stack_suffix : partition.suffix;
  const bool is_global = host == to_string(Service::Iam);
  const bool marked = options.fips == Fips::On &&
                      ((options.stack == Stack::Dual && !is_global) || !is_fips_by_itself(host, partition));
  const std::string_view iam_place = options.stack == Stack::Dual ? partition.dual_stack_iam_place : partition.iam_place;
  const std::string place = is_global ? std::string(iam_place) : region;
  return "https://" + std::string(host) + (marked ? "-fips." : ".") + place + (place.empty() ? "" : ".") +
         std::string(suffix);
}

Result<std::string> base_address(std::string_view text) {
  const auto wrong = [&] {
    return fail(ErrorKind::Invalid, "\"" + std::string(text) + "\" must be like https://host:port", "endpoint");
  };
  std::string_view rest = text;
  if (!rest.starts_with("https://") && !rest.starts_with("http://")) return wrong();
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const std::string_view host = rest.substr(rest.find("//") + 2);
  if (host.empty() || host.find_first_of("/?#@ \t\r\n") != std::string_view::npos) return wrong();
  return std::string(rest);
}

std::string host_of(std::string_view base) {
  std::string_view host = base.substr(base.find("//") + 2);
  const std::string_view usual = base.starts_with("https:") ? ":443" : ":80";
  if (host.ends_with(usual)) host.remove_suffix(usual.size());
  return std::string(host);
}

}  // namespace datamesh::aws
