// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Machines that keep users' files.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "data_movement.thrift"

namespace py airavata_thrift.storage_resources
namespace java org.apache.airavata.model.appcatalog.storageresource
namespace php Airavata.Model.AppCatalog.StorageResource
namespace cpp apache.airavata.model.appcatalog.storageresource

/** A storage resource and the ways to it. The times in milliseconds since 1970. */
struct StorageResourceDescription {
  1: required string storageResourceId = "DO_NOT_SET_AT_CLIENTS",
  2: required string hostName,
  3: optional string storageResourceDescription,
  4: optional bool enabled,
  5: optional list<data_movement.DataMovementInterface> dataMovementInterfaces,
  6: optional i64 creationTime,
  7: optional i64 updateTime,
}

/** How full a file system is; each size as text for people and in bytes. */
struct StorageVolumeInfo {
  1: required string totalSize,
  2: required string usedSize,
  3: required string availableSize,
  4: required i64 totalSizeBytes,
  5: required i64 usedSizeBytes,
  6: required i64 availableSizeBytes,
  7: required double percentageUsed,
  8: required string mountPoint,
  9: optional string filesystemType,
}

/** How large a directory is; as text for people and in bytes. */
struct StorageDirectoryInfo {
  1: required string totalSize,
  2: required i64 totalSizeBytes,
}
