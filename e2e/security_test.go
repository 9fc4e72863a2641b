package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mlops/e2e/harness"
)

// TestTokensOverTLS runs a master with certificates of `mlops-cli certs` and a
// file of tokens, and tries each role on what it may and may not do.
func TestTokensOverTLS(t *testing.T) {
	dir := t.TempDir()
	certs := filepath.Join(dir, "certs")
	mustSucceed(t, harness.Run(t, dir, bin.Path("mlops-cli"), []string{"certs", certs}, nil))
	if again := harness.Run(t, dir, bin.Path("mlops-cli"), []string{"certs", certs}, nil); again.Code != 2 && again.Code != 1 {
		t.Errorf("certs replaced what was there: exit code %d", again.Code)
	}
	tokens := filepath.Join(dir, "tokens")
	writeFile(t, tokens, strings.Join([]string{
		"ana client ana-secret-token-0001",
		"fleet worker fleet-secret-token-0001",
		"wall viewer wall-secret-token-0001",
	}, "\n")+"\n")
	fleet := harness.NewFleet(t, bin, "--tls-cert", filepath.Join(certs, "server.pem"), "--tls-key", filepath.Join(certs, "server-key.pem"), "--tokens", tokens)
	ca := filepath.Join(certs, "ca.pem")
	worker := fleet.StartWorker("--slots", "1", "--ca", ca, "--token-file", secretFile(t, dir, "fleet-secret-token-0001"), "--allow-root", dir)
	cli := func(token string, args ...string) harness.Result {
		env := []string{"MLOPS_MASTER=" + fleet.Address, "MLOPS_CA=" + ca, "NO_COLOR=1"}
		if token != "" {
			env = append(env, "MLOPS_TOKEN="+token)
		}
		return harness.Run(t, dir, bin.Path("mlops-cli"), args, env)
	}
	harness.Eventually(t, 20*time.Second, "the worker is ready", func() bool {
		return strings.Contains(cli("ana-secret-token-0001", "workers").Stdout, "ready")
	})
	csv := exampleCSV(t, dir)
	writeFile(t, filepath.Join(dir, "c.yaml"), "training: {cv_folds: 0, params: {n_estimators: 5}}\n")
	trained := decode(t, mustSucceed(t, cli("ana-secret-token-0001", "train", csv, "-c", "c.yaml", "-o", "json")))
	if listed := mustSucceed(t, cli("wall-secret-token-0001", "list", "-o", "name")); !strings.Contains(listed.Stdout, trained.WorkflowID) {
		t.Errorf("a viewer does not see the workflow:\n%s", listed.Stdout)
	}
	for name, r := range map[string]harness.Result{
		"no token":               cli("", "list"),
		"unknown token":          cli("some-other-token-0001", "list"),
		"a viewer trains":        cli("wall-secret-token-0001", "train", csv, "-c", "c.yaml"),
		"a viewer cancels":       cli("wall-secret-token-0001", "cancel", trained.WorkflowID),
		"a worker's token lists": cli("fleet-secret-token-0001", "list"),
	} {
		if r.Code == 0 {
			t.Errorf("%s: it worked:\n%s", name, r.Stdout)
		}
	}
	for _, secret := range []string{"ana-secret", "fleet-secret", "wall-secret"} {
		if strings.Contains(fleet.Master.Log()+worker.Log(), secret) {
			t.Errorf("a log shows the token %s…", secret)
		}
	}
}

func secretFile(t *testing.T, dir, secret string) string {
	t.Helper()
	path := filepath.Join(dir, "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
