// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// How an application uses more than one core.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.parallelism
namespace java org.apache.airavata.model.parallelism
namespace php Airavata.Model.AppCatalog.Parallelism
namespace cpp apache.airavata.model.appcatalog.parallelism

/** Programming model of an application, which decides by what command a job starts it. */
enum ApplicationParallelismType {
  SERIAL = 0,
  MPI = 1,
  OPENMP = 2,
  OPENMP_MPI = 3,
  CCM = 4,
  CRAY_MPI = 5,
}
