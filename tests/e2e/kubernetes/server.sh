# A genuine API server on loopback, for scripts that source this. Takes $assets, the folder of etcd and kube-apiserver, and
# $scratch, where everything is kept. Appends the process ids to the array `servers`, and writes $scratch/kubeconfig.

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

make_certificates() {
  cd "$scratch" || exit 1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=e2e-ca -keyout ca.key -out ca.crt
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=kube-apiserver -keyout tls.key -out tls.csr
  openssl x509 -req -in tls.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out tls.crt \
    -extfile <(echo subjectAltName=IP:127.0.0.1,DNS:localhost)
  openssl genrsa -out sa.key 2048
  openssl rsa -in sa.key -pubout -out sa.pub
}

start_server() {
  local etcd_port peer_port port
  etcd_port="$(free_port)" peer_port="$(free_port)" port="$(free_port)"
  make_certificates >"$scratch/openssl.log" 2>&1
  echo "e2e-token,e2e,e2e,system:masters" >"$scratch/tokens.csv"
  "$assets/etcd" --data-dir "$scratch/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" \
    --advertise-client-urls "http://127.0.0.1:$etcd_port" --listen-peer-urls "http://127.0.0.1:$peer_port" \
    --initial-cluster "default=http://127.0.0.1:$peer_port" \
    --initial-advertise-peer-urls "http://127.0.0.1:$peer_port" >"$scratch/etcd.log" 2>&1 &
  servers+=($!)
  "$assets/kube-apiserver" --etcd-servers "http://127.0.0.1:$etcd_port" --bind-address 127.0.0.1 --secure-port "$port" \
    --tls-cert-file "$scratch/tls.crt" --tls-private-key-file "$scratch/tls.key" --token-auth-file "$scratch/tokens.csv" \
    --service-account-issuer https://e2e --service-account-key-file "$scratch/sa.pub" \
    --service-account-signing-key-file "$scratch/sa.key" --authorization-mode RBAC \
    --disable-admission-plugins ServiceAccount --service-cluster-ip-range 10.0.0.0/24 \
    >"$scratch/apiserver.log" 2>&1 &
  servers+=($!)
  cat >"$scratch/kubeconfig" <<YAML
apiVersion: v1
kind: Config
clusters: [{name: e2e, cluster: {server: "https://127.0.0.1:$port", certificate-authority: $scratch/ca.crt}}]
users: [{name: e2e, user: {token: e2e-token}}]
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
current-context: e2e
YAML
  chmod 600 "$scratch/kubeconfig"
}
