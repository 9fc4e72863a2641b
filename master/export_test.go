package master

import (
	"google.golang.org/grpc"

	mlopsv1 "mlops/proto/mlops/v1"
)

// Routes returns all that a server of the master has.
func (m *Master) Routes() map[string]grpc.ServiceInfo {
	s, _ := m.server()
	defer s.Stop()
	return s.GetServiceInfo()
}

// ReportProgress is the handler of workers' reports.
func (m *Master) ReportProgress(stream mlopsv1.WorkerService_ReportProgressServer) error {
	return (&workerService{m: m}).ReportProgress(stream)
}
