import { describeSinkContract } from '../contract/sink-contract.js';
import { describeSinkVersionsContract } from '../contract/sink-versions-contract.js';
import { stackFromEnvironment } from '../support/stack.js';
import { openTarget } from './target.js';

describeSinkContract('the sink on MongoDB', () => openTarget(stackFromEnvironment().mongodb));
describeSinkVersionsContract('the sink on MongoDB', (versionOrder) =>
  openTarget(stackFromEnvironment().mongodb, undefined, { versionOrder }),
);
