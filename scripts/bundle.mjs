// Makes dist/workflow-bundle.js, so that a worker starts without webpack at run time (0.5 s instead of 2.2 s).
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

/** Half as large without the sources in its map: the worker keeps its text twice. Stack traces still name files and lines. */
const webpackConfigHook = (config) => ({ ...config, devtool: 'inline-nosources-source-map' });

const root = fileURLToPath(new URL('../', import.meta.url));
const workflowsPath = join(root, 'dist', 'src', 'workflows', 'index.js');
if (existsSync(workflowsPath)) {
  const { code } = await bundleWorkflowCode({
    workflowsPath,
    logger: new DefaultLogger('WARN'),
    webpackConfigHook,
  });
  writeFileSync(join(root, 'dist', 'workflow-bundle.js'), code);
} else {
  console.error(`No workflow bundle: ${workflowsPath} doesn't exist.`);
}
