import { describeSourceContract } from '../contract/source-contract.js';
import { describeSourceMembersContract } from '../contract/source-members-contract.js';
import { describeSourceStoppingContract } from '../contract/source-stopping-contract.js';
import { openBroker } from './broker.js';

describeSourceContract('kafkajs on a real broker', openBroker);
describeSourceStoppingContract('kafkajs on a real broker', openBroker);
describeSourceMembersContract('kafkajs on a real broker', openBroker);
