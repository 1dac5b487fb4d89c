// The partitions of AWS: which one a region lies in, and how its ARNs and host names are spelt. Pure.
// Source: lake-formation.md 1.1; botocore 1.43 partitions.json and endpoint rules of IAM
#pragma once

#include <string_view>

namespace datamesh {

struct Partition {
  std::string_view region_prefix;
  std::string_view name;                  ///< the second part of ARNs: "aws", "aws-cn", "aws-us-gov", …
  std::string_view suffix;                ///< of host names: "amazonaws.com"
  std::string_view dual_stack_suffix;     ///< of host names that also have IPv6 addresses: "api.aws"
  std::string_view iam_region;            ///< IAM has one endpoint a partition, signed for that region
  std::string_view iam_place;             ///< what stands between "iam" and the suffix
  std::string_view dual_stack_iam_place;
};

/// The partition of `region`; "aws" for one that no other partition claims.
const Partition& partition_for(std::string_view region);
/// "aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso", …: the second part of ARNs of `region`.
std::string_view partition_of(std::string_view region);

}  // namespace datamesh
