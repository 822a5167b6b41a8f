import { describeSinkContract } from '../contract/sink-contract.js';
import { stackFromEnvironment } from '../support/stack.js';
import { openTarget } from './target.js';

describeSinkContract('the sink on MongoDB', () => openTarget(stackFromEnvironment().mongodb));
