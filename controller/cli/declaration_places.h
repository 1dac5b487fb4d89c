// Where declarations stand in the manifests at hand: "products.yaml:24". Nothing of it is stored with the objects.
#pragma once

#include <map>
#include <string>

#include "controller/base/json.h"
#include "controller/cli/options.h"

namespace datamesh::cli {

/// By "Grant/retail/readers".
using DeclarationPlaces = std::map<std::string, std::string>;

/// The places of all objects in the files of the options. What is wrong with a manifest does not matter here.
/// Errors: as read_manifests; for folders that are not there and the like.
Result<DeclarationPlaces> places_in(const AccessOptions& options, Session& session);

/// "Grant/retail/readers (products.yaml:24)"; the name alone where its place is not known.
std::string with_place(const std::string& declaration, const DeclarationPlaces& places);

/// `answer` with the places of the declarations that its steps name, as its field "places".
Json with_places(Json answer, const DeclarationPlaces& places);

/// Why a step of an answer is as it is: "for Grant/retail/readers", or that nothing declares it; empty where that says nothing.
std::string because_of(const Json& step, const DeclarationPlaces& places);

/// "all columns", "column id where country = 'de'; columns …": the cells of an answer; empty where it has none.
std::string text_of_cells(const Json& cells);

}  // namespace datamesh::cli
