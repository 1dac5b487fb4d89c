#include "controller/base/partition.h"

#include <algorithm>
#include <array>

namespace datamesh {
namespace {

/// The first whose prefix fits; the last fits all.
constexpr std::array kPartitions = {
    Partition{"cn-", "aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn",
              "cn-north-1", "cn-north-1", "global"},
    Partition{"us-gov-", "aws-us-gov", "amazonaws.com", "api.aws",
              "us-gov-west-1", "us-gov", "us-gov"},
    Partition{"eusc-", "aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu",
              "eusc-de-east-1", "eusc-de-east-1", ""},
    Partition{"us-iso-", "aws-iso", "c2s.ic.gov", "api.aws.ic.gov",
              "us-iso-east-1", "us-iso-east-1", ""},
    Partition{"us-isob-", "aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud",
              "us-isob-east-1", "us-isob-east-1", ""},
    Partition{"eu-isoe-", "aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk",
              "eu-isoe-west-1", "eu-isoe-west-1", ""},
    Partition{"us-isof-", "aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov",
              "us-isof-south-1", "us-isof-south-1", ""},
    Partition{"", "aws", "amazonaws.com", "api.aws",
              "us-east-1", "", "global"},
};

}  // namespace

const Partition& partition_for(std::string_view region) {
  return *std::find_if(kPartitions.begin(), kPartitions.end(),
                       [&](const Partition& one) { return region.starts_with(one.region_prefix); });
}

std::string_view partition_of(std::string_view region) { return partition_for(region).name; }

}  // namespace datamesh
