// Which host serves a service in a region. Pure.
// Source: lake-formation.md 1.1; botocore 1.43 partitions.json and endpoint rule sets
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "controller/aws/api.h"

namespace datamesh::aws {

enum class Fips { Off, On };
enum class Stack { Ipv4, Dual };

struct EndpointOptions {
  Fips fips = Fips::Off;
  Stack stack = Stack::Ipv4;
  std::string override_all;                   ///< "http://127.0.0.1:4566"; empty: AWS
  std::map<Service, std::string> overrides;   ///< beats `override_all`
  bool operator==(const EndpointOptions&) const = default;
};

/// "https://glue.eu-west-1.amazonaws.com". STS is always the regional one; IAM has one for all regions of a partition.
/// Errors: Invalid when `region` is no name of a region, or an override is no "scheme://host[:port]".
Result<std::string> endpoint_of(Service service, const std::string& region, const EndpointOptions& options);
/// The region in the signature of a call to `service` in `region`: another one for IAM.
std::string signing_region(Service service, const std::string& region);
/// The endpoint of a service that is not in the seam, by the first part of its host name ("portal.sso").
Result<std::string> endpoint_of(std::string_view host, const std::string& region, const EndpointOptions& options);

/// `text` as the base of a client: "http://127.0.0.1:4566/" loses its last slash.
/// Errors: Invalid.
Result<std::string> base_address(std::string_view text);
/// "127.0.0.1:4566": what a client of `base` sends as Host. A port that goes without saying is left out.
std::string host_of(std::string_view base);

}  // namespace datamesh::aws
