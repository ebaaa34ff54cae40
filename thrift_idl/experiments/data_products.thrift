// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Files and collections of files, and where their copies are.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.data_products
namespace java org.apache.airavata.model.data.replica
namespace php Airavata.Model.Data.Replica
namespace cpp apache.airavata.model.data.replica

/** What a copy is kept for. */
enum ReplicaLocationCategory {
  GATEWAY_DATA_STORE = 0,
  COMPUTE_RESOURCE = 1,
  LONG_TERM_STORAGE_RESOURCE = 2,
  OTHER = 3,
}

/** Whether a copy is meant to stay. */
enum ReplicaPersistentType {
  TRANSIENT = 0,
  PERSISTENT = 1,
}

/** Whether a product is one file or a collection. */
enum DataProductType {
  FILE = 0,
  COLLECTION = 1,
}

/** One copy of a data product. The times in milliseconds since 1970. */
struct DataReplicaLocationModel {
  1: optional string replicaId,
  2: optional string productUri,
  3: optional string replicaName,
  4: optional string replicaDescription,
  5: optional i64 creationTime,
  6: optional i64 lastModifiedTime,
  7: optional i64 validUntilTime,
  8: optional ReplicaLocationCategory replicaLocationCategory,
  9: optional ReplicaPersistentType replicaPersistentType,
  10: optional string storageResourceId,
  11: optional string filePath,
  12: optional map<string, string> replicaMetadata,
}

/** A file or collection of a user with its copies. productSize in bytes. */
struct DataProductModel {
  1: optional string productUri,
  2: optional string gatewayId,
  3: optional string parentProductUri,
  4: optional string productName,
  5: optional string productDescription,
  6: optional string ownerName,
  7: optional DataProductType dataProductType,
  8: optional i32 productSize,
  9: optional i64 creationTime,
  10: optional i64 lastModifiedTime,
  11: optional map<string, string> productMetadata,
  12: optional list<DataReplicaLocationModel> replicaLocations,
}
