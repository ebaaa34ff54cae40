// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Ways to move files to and from resources.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.data_movement
namespace java org.apache.airavata.model.data.movement
namespace php Airavata.Model.Data.Movement
namespace cpp apache.airavata.model.data.movement

/** Whose data movement interface is meant. */
enum DMType {
  COMPUTE_RESOURCE = 0,
  STORAGE_RESOURCE = 1,
}

/** How the server proves who it is. */
enum SecurityProtocol {
  USERNAME_PASSWORD = 0,
  SSH_KEYS = 1,
  GSI = 2,
  KERBEROS = 3,
  OAUTH = 4,
  LOCAL = 5,
}

/** How files are moved. */
enum DataMovementProtocol {
  LOCAL = 0,
  SCP = 1,
  SFTP = 2,
  GridFTP = 3,
  UNICORE_STORAGE_SERVICE = 4,
}

/** Files are moved by SCP. */
struct SCPDataMovement {
  1: required string dataMovementInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required SecurityProtocol securityProtocol,
  3: optional string alternativeSCPHostName,
  4: optional i32 sshPort = 22,
}

/** Files are moved by GridFTP. */
struct GridFTPDataMovement {
  1: required string dataMovementInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required SecurityProtocol securityProtocol,
  3: required list<string> gridFTPEndPoints,
}

/** Files are moved through UNICORE. */
struct UnicoreDataMovement {
  1: required string dataMovementInterfaceId = "DO_NOT_SET_AT_CLIENTS",
  2: required SecurityProtocol securityProtocol,
  3: required string unicoreEndPointURL,
}

/** Files are copied on the machine of the server. */
struct LOCALDataMovement {
  1: required string dataMovementInterfaceId = "DO_NOT_SET_AT_CLIENTS",
}

/** One way to move files of a resource; the details stand under its id. The times in milliseconds since 1970. */
struct DataMovementInterface {
  1: required string dataMovementInterfaceId,
  2: required DataMovementProtocol dataMovementProtocol,
  3: required i32 priorityOrder = 0,
  4: optional i64 creationTime,
  5: optional i64 updateTime,
  6: optional string storageResourceId,
}
