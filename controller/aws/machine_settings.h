// What the AWS CLI's variables and files say of endpoints and trust, for the operator to do likewise.
// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints", "General configuration settings"
#pragma once

#include "controller/aws/credentials.h"
#include "controller/aws/endpoints.h"
#include "controller/http/client.h"

namespace datamesh::aws {

/// AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_GLUE (…_LAKEFORMATION, …_RAM, …_STS, …_IAM), AWS_USE_FIPS_ENDPOINT,
/// AWS_USE_DUALSTACK_ENDPOINT, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS; what is not set, as the profile has it
/// (`endpoint_url`, `use_fips_endpoint`, `use_dualstack_endpoint`). Sections `services` are not read.
/// Errors: Unavailable when the files cannot be read.
Result<EndpointOptions> endpoint_options_of(const Machine& machine);

/// AWS_CA_BUNDLE, or the profile's `ca_bundle`: who alone is trusted. The proxies of HTTPS_PROXY, HTTP_PROXY, NO_PROXY.
/// Errors: those of reading the file.
Result<http::ClientOptions> client_options_of(const Machine& machine);

}  // namespace datamesh::aws
