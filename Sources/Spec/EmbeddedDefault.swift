// SPDX-License-Identifier: Apache-2.0

/// The one-node cluster that `init --root DIR` uses where no spec is given, so that the program can be tried offline.
package enum EmbeddedDefault {
    package static let fileName = "<embedded default>"

    package static let spec = """
        {
          "apiVersion": "aggbootstrap/v1",
          "cluster": "demo",
          "nodes": [
            { "name": "cp1", "local": true }
          ]
        }
        """

    /// A kube-apiserver unit as a binary install has it, without aggregation flags.
    package static let baseUnit = """
        [Unit]
        Description=Kubernetes API server
        Documentation=https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/
        After=network-online.target
        Wants=network-online.target

        [Service]
        Type=notify
        ExecStart=/usr/local/bin/kube-apiserver \\
          --etcd-servers=http://127.0.0.1:2379 \\
          --secure-port=6443 \\
          --service-cluster-ip-range=10.254.0.0/16 \\
          --client-ca-file=/etc/kubernetes/ssl/ca.pem \\
          --tls-cert-file=/etc/kubernetes/ssl/kubernetes.pem \\
          --tls-private-key-file=/etc/kubernetes/ssl/kubernetes-key.pem \\
          --service-account-key-file=/etc/kubernetes/ssl/sa.pem \\
          --service-account-signing-key-file=/etc/kubernetes/ssl/sa-key.pem \\
          --service-account-issuer=https://kubernetes.default.svc \\
          --authorization-mode=Node,RBAC
        Restart=on-failure
        LimitNOFILE=65536

        [Install]
        WantedBy=multi-user.target

        """
}
