/** The rules as the Prometheus operator wants them: grafana/alerts.yml is the one place that they are written in. */

const HEAD = `# Rendered from grafana/alerts.yml by node scripts/render-docs.ts.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: hookwave
spec:
`;

export function renderPrometheusRule(rules: string): string {
  const [, groups] = rules.split(/^(?=groups:)/m);
  if (groups === undefined) throw new Error("expected `groups:` in grafana/alerts.yml, got none");
  return HEAD + groups.replace(/^(?=.)/gm, "  ");
}
