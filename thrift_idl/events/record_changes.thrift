// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Messages that tell other services of a change in the database of one.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.record_changes
namespace java org.apache.airavata.model.dbevent
namespace php Airavata.Model.Dbevent

/** What was done to the record. */
enum CrudType {
  CREATE = 0,
  READ = 1,
  UPDATE = 2,
  DELETE = 3,
}

/** What kind of record it was done to. */
enum EntityType {
  USER_PROFILE = 0,
  TENANT = 1,
  GROUP = 2,
  PROJECT = 3,
  EXPERIMENT = 4,
  APPLICATION = 5,
  SHARING = 6,
  REGISTRY = 7,
}

/** Whether a service announces a change or its wish to hear of changes. */
enum DBEventType {
  PUBLISHER = 0,
  SUBSCRIBER = 1,
}

/** The change: what was done, to what kind, and the record itself, serialised with the binary protocol. */
struct DBEventPublisherContext {
  1: required CrudType crudType,
  2: required EntityType entityType,
  3: required binary entityDataModel,
}

/** Announcement of a change. */
struct DBEventPublisher {
  1: required DBEventPublisherContext publisherContext,
}

/** The service that wants to hear of changes. */
struct DBEventSubscriber {
  1: required string subscriberService,
}

/** Either an announcement or a subscription. */
union DBEventMessageContext {
  1: DBEventPublisher publisher,
  2: DBEventSubscriber subscriber,
}

/** The message as it is published, with the service that published it. */
struct DBEventMessage {
  1: required DBEventType dbEventType,
  2: required DBEventMessageContext messageContext,
  3: required string publisherService,
}
