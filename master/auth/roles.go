package auth

import (
	"fmt"
	"slices"

	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Role is what a caller may do.
type Role string

// The roles, and Anyone for methods that need no credentials.
const (
	// Client submits and controls workflows.
	Client Role = "client"
	// Worker runs tasks.
	Worker Role = "worker"
	// Viewer reads.
	Viewer Role = "viewer"
	// Admin may do all.
	Admin Role = "admin"
	// Anyone stands for callers without credentials.
	Anyone Role = ""
)

// ParseRole reads a role's name.
func ParseRole(name string) (Role, error) {
	r := Role(name)
	if !slices.Contains([]Role{Client, Worker, Viewer, Admin}, r) {
		return "", fmt.Errorf("unknown role %q: known are client, worker, viewer, admin", name)
	}
	return r, nil
}

// Allowed lists, for every method of the master, the roles that may call it beside
// Admin. A method that is missing here is denied to everybody.
var Allowed = map[string][]Role{
	mlopsv1.ClientService_GetServerInfo_FullMethodName:  {Client, Worker, Viewer},
	mlopsv1.ClientService_SubmitWorkflow_FullMethodName: {Client},
	mlopsv1.ClientService_GetWorkflow_FullMethodName:    {Client, Viewer},
	mlopsv1.ClientService_ListWorkflows_FullMethodName:  {Client, Viewer},
	mlopsv1.ClientService_WatchWorkflow_FullMethodName:  {Client, Viewer},
	mlopsv1.ClientService_CancelWorkflow_FullMethodName: {Client},
	mlopsv1.ClientService_RetryWorkflow_FullMethodName:  {Client},
	mlopsv1.ClientService_ListWorkers_FullMethodName:    {Client, Viewer},
	mlopsv1.ClientService_DrainWorker_FullMethodName:    {},

	mlopsv1.WorkerService_Synchronize_FullMethodName:    {Worker},
	mlopsv1.WorkerService_ReportProgress_FullMethodName: {Worker},

	mlopsv1.ArtifactService_StatArtifact_FullMethodName:     {Client, Worker, Viewer},
	mlopsv1.ArtifactService_UploadArtifact_FullMethodName:   {Client, Worker},
	mlopsv1.ArtifactService_DownloadArtifact_FullMethodName: {Client, Worker},
	mlopsv1.ArtifactService_LinkArtifact_FullMethodName:     {Client, Worker},
	mlopsv1.ArtifactService_ListArtifacts_FullMethodName:    {Client, Worker, Viewer},

	grpc_health_v1.Health_Check_FullMethodName: {Anyone, Client, Worker, Viewer},
	grpc_health_v1.Health_List_FullMethodName:  {Anyone, Client, Worker, Viewer},
	grpc_health_v1.Health_Watch_FullMethodName: {Anyone, Client, Worker, Viewer},

	reflectionv1.ServerReflection_ServerReflectionInfo_FullMethodName:      {Client, Worker, Viewer},
	reflectionv1alpha.ServerReflection_ServerReflectionInfo_FullMethodName: {Client, Worker, Viewer},
}

// may tells whether a role may call a method.
func may(role Role, method string) bool {
	roles, known := Allowed[method]
	return known && (role == Admin || slices.Contains(roles, role))
}
