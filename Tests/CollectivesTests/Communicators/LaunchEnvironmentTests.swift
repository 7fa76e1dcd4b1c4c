import Collectives
import Testing

struct LaunchEnvironmentTests {
  @Test func nothingMeansAlone() {
    #expect(LaunchEnvironment(["PATH": "/usr/bin"]) == .alone)
  }

  @Test func mpirunAnnouncesItsSize() {
    #expect(
      LaunchEnvironment(["OMPI_COMM_WORLD_SIZE": "4", "PMIX_RANK": "0"]) == .launched(announcedSize: 4))
  }

  @Test func srunWithPMIxAnnouncesItsTasks() {
    #expect(LaunchEnvironment(["PMIX_RANK": "3", "SLURM_STEP_NUM_TASKS": "8"]) == .launched(announcedSize: 8))
  }

  @Test func otherLaunchersAnnounceTheirSize() {
    #expect(LaunchEnvironment(["PMI_RANK": "0", "PMI_SIZE": "2"]) == .launched(announcedSize: 2))
  }

  @Test func srunWithoutAServiceIsNotTakenForManyLoneRuns() throws {
    let environment = ["SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1"]
    #expect(LaunchEnvironment(environment) == .unconnected(count: 2))
    #expect(throws: CommunicatorError.unconnectedProcesses(count: 2)) {
      try makeCommunicator(environment: environment)
    }
  }

  @Test func aBatchScriptOrOneTaskIsAlone() {
    #expect(LaunchEnvironment(["SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"]) == .alone)
    #expect(LaunchEnvironment(["SLURM_STEP_NUM_TASKS": "1"]) == .alone)
  }
}
